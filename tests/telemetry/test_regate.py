"""What was kept under older rules of the gate leaves under today's."""

import orjson
import pytest

from tests.telemetry.sink import items_of
from toolboxai.telemetry.privacy import Gate
from toolboxai.telemetry.transport.regate import regated
from toolboxai.telemetry.transport.wire import OutgoingItem, container, record

GATE = Gate(str.upper)


def kept(*items: OutgoingItem) -> bytes:
    return record(items, envelope_id="e" * 32, event_id="f" * 32, trace={"sampled": "true"})


def test_what_slipped_through_older_rules_is_found_by_todays() -> None:
    before = kept(
        OutgoingItem("event", {"event_id": "f" * 32, "extra": {"password": "hunter2-hunter2"}}),
        container("log", [{"body": "password=hunter2-hunter2"}]),
    )

    after = regated(before, GATE)

    assert b"hunter2" not in after
    assert [item.header["type"] for item in items_of(after)] == ["event", "log"]
    assert orjson.loads(after.partition(b"\n")[0]) == {
        "envelope_id": "e" * 32,
        "event_id": "f" * 32,
        "trace": {"sampled": "true"},
    }


def test_what_may_leave_as_it_is_stays_as_it_is() -> None:
    before = kept(container("log", [{"body": "hello"}, {"body": "again"}]))

    assert regated(before, GATE) == before


def test_of_types_that_may_not_leave_any_more_nothing_does() -> None:
    assert regated(kept(OutgoingItem("hologram", {"any": "thing"})), GATE) == b""


@pytest.mark.parametrize("damage", [b"", b"{}", b"{}\n{}\n", b"{}\n[1]"])
def test_what_is_no_envelope_is_refused(damage: bytes) -> None:
    with pytest.raises((KeyError, ValueError)):
        regated(damage, GATE)
