"""How well the monitor says which events are one problem, on a labelled set."""
