"""What events have in common is learnt once, kept beside them, and needed to read them."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import orjson
import pytest
import zstandard

from tests.monitor.test_store import NOON, event
from toolboxai.monitor.digest import Digest, Submission
from toolboxai.monitor.digest.packing import MAX_SAMPLES_BYTES, MIN_SAMPLES, Packer
from toolboxai.monitor.models import StoredEvent
from toolboxai.monitor.protocol import parse_envelope
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import Digested, Kind, Store

chance = Random(7)
WORDS = ["".join(chance.choices("abcdefghijklmnop", k=9)) for _ in range(300)]


def body(number: int) -> bytes:
    frames = [{"function": word, "vars": {word: number}} for word in WORDS]
    return orjson.dumps({"event_id": f"{number:032x}", "extra": {"frames": frames}})


def learnt() -> Packer:
    packer = Packer()
    for number in range(MIN_SAMPLES):
        packer.pack(body(number))
    packer.learn()
    return packer


def test_what_is_known_takes_less_room() -> None:
    alone, packer = Packer(), learnt()

    assert packer.dictionary
    assert len(packer.pack(body(99))) * 2 < len(alone.pack(body(99)))
    assert zstandard.get_frame_parameters(packer.pack(body(99))).dict_id == packer.dictionary.id


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param([b"x"] * MIN_SAMPLES, id="too little"),
        pytest.param([b"x" * MAX_SAMPLES_BYTES], id="too few"),
    ],
)
def test_what_teaches_nothing_is_packed_all_the_same(samples: list[bytes]) -> None:
    packer = Packer()
    for sample in samples:
        packer.pack(sample)
    packer.learn()

    assert packer.dictionary is None
    assert zstandard.decompress(packer.pack(b"x")) == b"x"


def digest(settings: MonitorSettings, numbers: range, kind: str) -> None:
    with closing(Store(settings)) as store:
        writing = Digest(store, Limits(max_batch_items=20))
        for number in numbers:
            envelope = b'{}\n{"type":"%s"}\n%s' % (kind.encode(), body(number))
            submission = Submission(
                project_id=1, received_at=NOON, envelope=parse_envelope(envelope, Limits())
            )
            writing.submit(submission, 1, lambda _: None)
        writing.start()
        writing.close()


@pytest.mark.parametrize(("sent", "kind"), [("event", Kind.ERRORS), ("transaction", Kind.TRACES)])
def test_events_of_before_and_after_can_be_read_also_after_a_restart(
    tmp_path: Path, sent: str, kind: Kind
) -> None:
    settings = MonitorSettings(data=tmp_path)
    digest(settings, range(MIN_SAMPLES + 40), sent)
    with closing(Store(settings)) as store:
        known = store.dictionaries()
    digest(settings, range(MIN_SAMPLES + 40, MIN_SAMPLES + 60), sent)

    assert known.keys() == {kind}
    with closing(Store(settings)) as store:
        assert store.dictionaries() == known
    with closing(Queries(tmp_path)) as queries:
        found = [queries.event(1, f"{number:032x}") for number in range(MIN_SAMPLES + 60)]
    assert all(isinstance(each, StoredEvent) for each in found)
    assert [each.payload["extra"] for each in found if each] == [
        orjson.loads(body(number))["extra"] for number in range(MIN_SAMPLES + 60)
    ]


def test_each_days_file_has_the_dictionary_that_it_needs(tmp_path: Path) -> None:
    packer = learnt()
    days = iter([NOON, NOON + 86_400_000])
    with closing(Store(MonitorSettings(data=tmp_path), now=lambda: now)) as store:
        for number, now in enumerate(days):
            record = replace(event(number), payload=packer.pack(body(number)))
            digested = Digested(project_id=1, received_at=now, events=[record])
            store.write([digested], {Kind.ERRORS: packer.dictionary})
        oldest = list(store.folder.day_files(Kind.ERRORS))[-1]
        store.folder.remove(oldest)

    with closing(Queries(tmp_path)) as queries:
        found = queries.event(1, f"{1:032x}")
    assert found
    assert found.payload["extra"] == orjson.loads(body(1))["extra"]
