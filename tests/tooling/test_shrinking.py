"""What breaks something is made small, and still breaks it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.privacy.shrinking import shrunk

_json = st.recursive(
    st.none() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@given(_json, st.sampled_from("abc"))
def test_what_is_left_still_breaks_it_and_is_no_longer_than_before(
    payload: object, sign: str
) -> None:
    planted = {"around": payload, "items": [{"value": f"before {sign} after"}]}

    def breaks(candidate: object) -> bool:
        return sign in json.dumps(candidate, ensure_ascii=False)

    smallest = shrunk(planted, breaks)

    assert breaks(smallest)
    assert len(json.dumps(smallest)) <= len(json.dumps(planted))


def test_everything_goes_that_does_not_matter() -> None:
    payload = {"a": [1, {"b": "xxxx needle yyyy"}, 2], "c": {"d": None}, "e": "text"}

    def breaks(candidate: object) -> bool:
        return "needle" in str(candidate)

    assert shrunk(payload, breaks) == {"a": [{"b": "needle"}]}


def test_it_stops_after_so_many_tries() -> None:
    tried: list[object] = []

    def breaks(candidate: object) -> bool:
        tried.append(candidate)
        return False

    assert shrunk(list(range(1000)), breaks, max_tries=7) == list(range(1000))
    assert len(tried) == 7
