"""What a command says when it cannot go on: one sentence for a person, no traceback."""


class CommandError(Exception):
    """A command can't do what it was asked; the message says why and what to do."""

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
