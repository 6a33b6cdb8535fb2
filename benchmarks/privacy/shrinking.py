"""A payload that breaks something → a small one that still does. Pure."""

from collections.abc import Callable, Iterator

MAX_TRIES = 3_000


def shrunk(
    payload: object, breaks: Callable[[object], bool], *, max_tries: int = MAX_TRIES
) -> object:
    """Return ``payload`` without all that it can do without and still break, as far as ``max_tries`` go."""
    tries = 0
    smaller = _smaller(payload)
    while tries < max_tries and (candidate := next(smaller, payload)) is not payload:
        tries += 1
        if breaks(candidate):
            payload, smaller = candidate, _smaller(candidate)
    return payload


def _smaller(value: object) -> Iterator[object]:
    """Yield what is like ``value`` but for one thing that is missing or shorter; large things first."""
    if isinstance(value, dict):
        for key in value:
            yield {other: value[other] for other in value if other != key}
        for key in value:
            yield from ({**value, key: less} for less in _smaller(value[key]))
    elif isinstance(value, str):
        yield from (value[:start] + value[end:] for start, end in _pieces(len(value)))
    elif isinstance(value, list):
        yield from (value[:start] + value[end:] for start, end in _pieces(len(value)))
        for at, member in enumerate(value):
            yield from ([*value[:at], less, *value[at + 1 :]] for less in _smaller(member))


def _pieces(length: int) -> Iterator[tuple[int, int]]:
    """Yield where halves begin and end, then quarters, and so on down to single ones."""
    size = (length + 1) // 2
    while size:
        yield from ((start, start + size) for start in range(0, length, size))
        size //= 2
