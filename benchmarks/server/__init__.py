"""What the server itself can do: see ``__main__``."""
