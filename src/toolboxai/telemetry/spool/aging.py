"""How old a segment of an earlier process is taken to be, whatever the clock did meanwhile. Pure."""

HOUR_NS = 3_600 * 1_000_000_000
GRACE_NS = HOUR_NS // 6


def trusted_write_ns(*, record_ns: int, file_ns: int, now_ns: int, keep_ns: int) -> int:
    """Return when a segment was last written to, as far as can be believed.

    That is the later of what its last record and its file say, but for times that are yet to come: the
    clock was wrong then, or is now, and if both are, it counts as written now. However old it looks, it
    is kept for ten minutes more: after a clock that has jumped forward, a sink that answers gets it all.
    """
    past = [time for time in (record_ns, file_ns) if time <= now_ns]
    return max([*past, now_ns - max(0, keep_ns - GRACE_NS)]) if past else now_ns
