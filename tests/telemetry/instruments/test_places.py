"""Where in the application a call was made."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from toolboxai.telemetry.instruments.places import MAX_LOOKED_AT, place_of_call


def dig(depth: int) -> Mapping[str, Any]:
    return dig(depth - 1) if depth else place_of_call()


def test_the_innermost_own_frame_is_the_place() -> None:
    place = dig(MAX_LOOKED_AT)

    assert place["code.function"] == "dig"
    assert place["code.filepath"] == "tests/telemetry/instruments/test_places.py"
    assert place["code.namespace"] == __name__


def test_where_nothing_is_our_own_there_is_no_place() -> None:
    with ThreadPoolExecutor() as threads:
        assert threads.submit(place_of_call).result() == {}
