"""What can't be done with schools, people and classes. What was sent is in none of the texts."""

from toolboxai.server.error_handling import CallerError


class SchoolNotFoundError(CallerError):
    """No school has this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No school has this id. GET /api/v1/schools lists them.")


class UserNotFoundError(CallerError):
    """Nobody whom the caller may see has this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Nobody here has this id. GET /api/v1/users lists whom you may see.")


class ClassNotFoundError(CallerError):
    """No class that the caller may see has this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No class here has this id. GET /api/v1/classes lists yours.")


class UsernameTakenError(CallerError):
    """Somebody is called that already, here or at another school."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "Somebody is called that already, here or at another school. "
            "Please choose another user name; an ending that tells the school helps: ada@hill."
        )


class SchoolNameTakenError(CallerError):
    """Another school is called that."""

    status = 409

    def __init__(self) -> None:
        super().__init__("A school is called that already. Please choose another name.")


class ClassNameTakenError(CallerError):
    """The school has a class of this name."""

    status = 409

    def __init__(self) -> None:
        super().__init__("Your school has a class of this name. Please choose another one.")


class OwnAccountError(CallerError):
    """An administrator would lock themselves out."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "You can't disable your own account or change its role. "
            "Another administrator of your school can."
        )


class StillTeachesError(CallerError):
    """Somebody who teaches classes would stop being a teacher."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            "They teach classes. Give those to somebody else first: PATCH /api/v1/classes/{id}."
        )


class ClassFullError(CallerError):
    """More pupils than a class may have."""

    status = 409

    def __init__(self, limit: int) -> None:
        super().__init__(f"A class has at most {limit} pupils.")
