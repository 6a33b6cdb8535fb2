"""When a resolved issue is open again. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_VERSION = re.compile(
    r"(?:(?P<package>[^@]*)@)?v?(?P<numbers>\d{1,9}(?:\.\d{1,9}){1,3})(?P<early>-[^+]*)?(?:\+.*)?"
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """When an issue was resolved (ms, UTC), and in which release, if only later ones count."""

    at: int
    in_release: str | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """When an event happened (ms, UTC), and in which release, if it says."""

    at: int
    release: str


def first_regression(resolution: Resolution, sightings: Iterable[Sighting]) -> Sighting | None:
    """Return the first of the sightings that opens the issue again."""
    return min(
        (each for each in sightings if _opens(resolution, each)),
        key=lambda each: each.at,
        default=None,
    )


def comes_after(release: str, other: str) -> bool:
    """Say whether a release may be later than ``other``: what can't be compared may."""
    if release == other:
        return False
    one, two = _VERSION.fullmatch(release), _VERSION.fullmatch(other)
    if one is None or two is None or one["package"] != two["package"]:
        return True
    return _order(one) > _order(two)


def _opens(resolution: Resolution, sighting: Sighting) -> bool:
    if sighting.at <= resolution.at:
        return False
    return resolution.in_release is None or comes_after(sighting.release, resolution.in_release)


def _order(version: re.Match[str]) -> tuple[list[int], bool, str]:
    numbers = [int(part) for part in version["numbers"].split(".")]
    # 1.2.0-rc1 comes before 1.2.0, and 1.2 is 1.2.0.
    padded = [*numbers, *[0] * (4 - len(numbers))]
    return padded, version["early"] is None, version["early"] or ""
