"""How a sign-in or a request of somebody can be refused. What was sent is in none of the texts."""

from collections.abc import Mapping

from toolboxai.server.error_handling import CallerError

CHALLENGE: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}
TOKEN_REFUSED: Mapping[str, str] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class NotSignedInError(CallerError):
    """The request says nothing of who asks."""

    status = 401
    headers = CHALLENGE

    def __init__(self) -> None:
        super().__init__(
            "Please sign in: POST /auth/token gives a token, to be sent as Authorization: Bearer."
        )


class TokenRefusedError(CallerError):
    """The access token is none of ours, too old, or its owner may not come in any more."""

    status = 401
    headers = TOKEN_REFUSED

    def __init__(self) -> None:
        super().__init__(
            "The access token is not valid, or not valid any more. POST /auth/refresh gives a new one."
        )


class WrongCredentialsError(CallerError):
    """One answer for a wrong name, a wrong password, and somebody who is shut out: a prober learns nothing."""

    status = 401
    headers = CHALLENGE

    def __init__(self) -> None:
        super().__init__("User name and password do not belong together.")


class RefreshRefusedError(CallerError):
    """The refresh token is none of ours, too old, used before, or signed out."""

    status = 401
    headers = CHALLENGE

    def __init__(self) -> None:
        super().__init__("The refresh token can't be used. Please sign in again.")


class NotAllowedError(CallerError):
    """Somebody is signed in whose role doesn't do this."""

    status = 403

    def __init__(self) -> None:
        super().__init__("Your role does not allow this.")


class TooManyRequestsError(CallerError):
    """Somebody did something more often than they may; `Retry-After` says when they may again."""

    status = 429

    def __init__(
        self,
        seconds: int,
        message: str = "Too many requests. Please try again when Retry-After says.",
    ) -> None:
        super().__init__(message)
        self.headers = {"Retry-After": str(seconds)}


class TooManyFailuresError(TooManyRequestsError):
    """Too many sign-ins failed: with this name, or from this address."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            seconds, "Too many sign-ins have failed. Please try again when Retry-After says."
        )
