"""Times and numbers as people read them. Pure."""

from datetime import UTC, datetime, timedelta

_UNITS = (
    (timedelta(days=365), "y"),
    (timedelta(days=30), "mo"),
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
)


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def in_utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; one without a zone already is."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """Return ``2026-11-23 12:46:03 UTC``."""
    return f"{in_utc(moment):%Y-%m-%d %H:%M:%S} UTC"


def iso(moment: datetime) -> str:
    """Return ``moment`` as the ``datetime`` attribute wants it."""
    return in_utc(moment).isoformat(timespec="milliseconds")


def ago(moment: datetime, now: datetime) -> str:
    """Return how long before ``now`` it was, in the largest unit that fits."""
    passed = now - in_utc(moment)
    if passed < timedelta(minutes=-1):
        return "in the future"
    if passed < timedelta(seconds=5):
        return "just now"
    return f"{_largest_unit(passed)} ago"


def _largest_unit(passed: timedelta) -> str:
    for size, name in _UNITS:
        if passed >= size:
            return f"{passed // size} {name}"
    return f"{passed.seconds} s"


def before(moment: datetime, event: datetime) -> str:
    """Return how long before the event something happened, with the precision that matters."""
    seconds = (in_utc(event) - in_utc(moment)).total_seconds()
    if seconds < 0:
        return f"{duration(-seconds * 1_000)} after"
    return f"{duration(seconds * 1_000)} before"


def duration(milliseconds: float) -> str:
    """Return a duration with about three digits."""
    if milliseconds < 1:
        return f"{milliseconds * 1_000:.0f} µs"
    if milliseconds < 100:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 120_000:
        return f"{milliseconds / 1_000:.2f} s"
    return _largest_unit(timedelta(milliseconds=milliseconds))


def rate(value: float) -> str:
    """Return how often something happens with two or three digits."""
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def percent(share: float) -> str:
    """Return a share (0 … 1) in percent; what isn't nothing doesn't look like it."""
    value = share * 100
    if 0 < value < 0.1:
        return "< 0.1 %"
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"


def grouped(number: int) -> str:
    """Return ``12,345``."""
    return f"{number:,}"
