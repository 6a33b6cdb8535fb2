"""Percentiles of durations that can be added up: counts in buckets whose width grows with the value.

A bucket holds what lies within 1 % of its middle, so every quantile is right to 1 %, over any
period and in any order of merging (the idea of DDSketch, arXiv 1908.10693). Weights are whole
``UNITS_PER_VALUE`` of a value, so that adding them is exact.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate
from math import ceil, log
from typing import NamedTuple, Self

RELATIVE_ERROR = 0.01
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = log(GAMMA)
# From 1 µs to a little more than a day; what is outside counts as the nearest.
MIN_MS = 0.001
MAX_BUCKETS = 1_270
# In none of the buckets that count for all that is longer.
_MAX_MS = 1e8
UNITS_PER_VALUE = 8
# A count in the packed form: all counts are one integer, because adding two of them is one
# instruction a digit and not one a bucket.
_BYTES = 5
_BITS = 8 * _BYTES
MAX_UNITS_PER_BUCKET = 2**_BITS - 1
_HEAD_BYTES = 2


def bucket_of(duration_ms: float) -> int:
    """Return the number of the bucket that a duration falls into, 0 … ``MAX_BUCKETS`` - 1."""
    if not duration_ms > MIN_MS:
        return 0
    return min(ceil(log(min(duration_ms, _MAX_MS) / MIN_MS) / _LOG_GAMMA), MAX_BUCKETS - 1)


def buckets_of(durations_ms: Collection[float]) -> Counter[int]:
    """Return how many durations fall into each bucket: those of ``bucket_of``, at a third of the cost."""
    if min(durations_ms) > MIN_MS and max(durations_ms) < _MAX_MS:
        return Counter([ceil(log(each / MIN_MS) / _LOG_GAMMA) for each in durations_ms])
    return Counter(map(bucket_of, durations_ms))


def middle_of(bucket: int) -> float:
    """Return the duration (ms) from which nothing in the bucket differs by more than 1 %."""
    return float(MIN_MS * 2 * GAMMA**bucket / (GAMMA + 1))


def units_of(weight: float) -> int:
    """Return for how many units something counts that stands for ``weight`` values."""
    return max(1, round(weight * UNITS_PER_VALUE))


class Sketch(NamedTuple):
    """Counts of durations by bucket: the first one that isn't empty, and the counts from there on."""

    first: int = 0
    packed: int = 0

    @classmethod
    def of(cls, units: Mapping[int, int]) -> Self:
        """Return the sketch of so many units (at least 1) in these buckets."""
        if not units:
            return cls()
        first = min(units)
        body = bytearray(_BYTES * (max(units) - first + 1))
        for bucket, count in units.items():
            start = _BYTES * (bucket - first)
            body[start : start + _BYTES] = min(count, MAX_UNITS_PER_BUCKET).to_bytes(
                _BYTES, "little"
            )
        return cls(first, int.from_bytes(body, "little"))

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Return the sketch that ``to_bytes`` wrote."""
        head = int.from_bytes(body[:_HEAD_BYTES], "little")
        return cls(head, int.from_bytes(body[_HEAD_BYTES:], "little"))

    @classmethod
    def merged(cls, sketches: Iterable["Sketch"]) -> Self:
        """Return all of them as one."""
        filled = [each for each in sketches if each.packed]
        first = min((each.first for each in filled), default=0)
        return cls(first, sum(each.shifted_to(first) for each in filled))

    def shifted_to(self, bucket: int) -> int:
        """Return the counts from ``bucket`` on, which isn't above the first."""
        return self.packed << (_BITS * (self.first - bucket))

    def to_bytes(self) -> bytes:
        """Return what ``from_bytes`` reads: the first bucket, then a count for each up to the last."""
        size = -(-self.packed.bit_length() // _BITS) * _BYTES
        return self.first.to_bytes(_HEAD_BYTES, "little") + self.packed.to_bytes(size, "little")

    def quantiles(self, *ranks: float) -> list[float]:
        """Return the durations (ms) that these shares (0 … 1) of the weight don't exceed; 0 of none."""
        sums = list(accumulate(self._counts()))
        if not sums:
            return [0.0] * len(ranks)
        places = (bisect_left(sums, max(rank * sums[-1], 1)) for rank in ranks)
        return [middle_of(self.first + place) for place in places]

    def _counts(self) -> memoryview:
        """Return the count of each bucket, from the first on."""
        size = -(-self.packed.bit_length() // _BITS)
        packed = self.packed.to_bytes(size * _BYTES, "little")
        # Stretched to a width that Python reads as numbers.
        wide = bytearray(size * 8)
        for place in range(_BYTES):
            wide[place::8] = packed[place::_BYTES]
        return memoryview(wide).cast("Q")
