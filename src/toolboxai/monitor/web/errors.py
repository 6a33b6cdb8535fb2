"""What can go wrong on a page, in words for the person in front of it."""


class PageError(Exception):
    """A page can't be shown; says why and what to do."""

    status = 400
    title = "This request could not be used"

    def __init__(self, advice: str) -> None:
        super().__init__(advice)
        self.advice = advice


class PageNotFoundError(PageError):
    """There is nothing at this address."""

    status = 404
    title = "There is nothing here"


class ForeignFormError(PageError):
    """A form was sent from another site's page."""

    status = 403
    title = "This form came from another site"

    def __init__(self, origin: str, host: str) -> None:
        super().__init__(
            f"It was sent from {origin[:200]!r}, but this page is at {host[:200]!r}. Open the page "
            "again and repeat. If a proxy stands in front, it must pass the Host header on."
        )
        self.origin = origin
        self.host = host


class FormTooLargeError(PageError):
    """A form has more bytes than any form of ours."""

    status = 413
    title = "The form is too large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"A form here has at most {limit_bytes:,} bytes. Shorten what you typed.")
        self.limit_bytes = limit_bytes
