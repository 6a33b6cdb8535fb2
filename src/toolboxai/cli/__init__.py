"""The `toolboxai` command. Composes what the other parts do; they know nothing of it."""
