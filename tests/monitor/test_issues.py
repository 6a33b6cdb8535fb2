"""Issues over time: those of older rules, those that are one too many, those that come back."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.running import event_envelope, monitor_in_thread
from tests.monitor.test_store import HOUR_MS, NOON, event, received
from toolboxai.monitor.grouping import group, older_fingerprints
from toolboxai.monitor.models import Issue
from toolboxai.monitor.protocol import Flags, repair_event
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import EventRecord, Store
from toolboxai.monitor.store.regressions import (
    Resolution,
    Sighting,
    comes_after,
    first_regression,
)

ERROR: dict[str, Any] = {
    "exception": {
        "values": [
            {
                "type": "ValueError",
                "value": "bad",
                "stacktrace": {
                    "frames": [{"module": "shop", "function": name} for name in ("a", "b", "c")]
                },
            }
        ]
    }
}


def issues_in(data: Path) -> list[Issue]:
    with closing(Queries(data)) as queries:
        return queries.issues()


def store_at(data: Path, moment: int, *, limit: int = 2) -> Store:
    limits = Limits(max_new_issues_per_project_hour=limit)
    return Store(MonitorSettings(data=data, limits=limits), now=lambda: moment)


def seen(number: int, *, at: int, release: str = "") -> EventRecord:
    made = event(number, seen_at=at)
    assert made.issue is not None
    return replace(made, issue=replace(made.issue, release=release))


def test_an_issue_of_the_first_rules_is_found_by_their_fingerprint(tmp_path: Path) -> None:
    repaired = repair_event({**ERROR}, Flags(), received_at=NOON, limits=Limits())
    settings = MonitorSettings(data=tmp_path)
    with monitor_in_thread(settings) as monitor:
        monitor.post(event_envelope(**ERROR))
    (older,) = older_fingerprints(repaired)
    with closing(sqlite3.connect(tmp_path / "meta.db")) as db:
        found = db.execute("SELECT fingerprint FROM issue").fetchall()
        assert found == [(group(repaired).fingerprint,)]
        db.execute("UPDATE issue SET fingerprint = ?, grouping = 1", (older,))
        db.commit()

    for _ in range(2):
        with monitor_in_thread(settings) as monitor:
            monitor.post(event_envelope(**ERROR))
            monitor.post(event_envelope(message="something else"))

    assert sorted(issue.count for issue in issues_in(tmp_path)) == [2, 3]


def test_above_the_limit_new_issues_are_gathered_in_one_that_says_so(tmp_path: Path) -> None:
    with closing(store_at(tmp_path, NOON)) as store:
        store.write([received(*(event(n, issue=f"issue {n}") for n in range(4)))])
        store.write([received(event(9, issue="issue 0"), event(10, issue="issue 10"))])

    issues = {issue.title: issue.count for issue in issues_in(tmp_path)}
    assert issues == {
        "title of issue 0": 2,
        "title of issue 1": 1,
        "Too many new issues: more than 2 within an hour": 3,
    }
    with closing(Queries(tmp_path)) as queries:
        (outcome,) = queries.outcomes()
        assert queries.counts()["error"] == 6
    assert (outcome.outcome, outcome.reason, outcome.quantity) == (
        "overflow",
        "new issues per hour",
        3,
    )


def test_a_restart_does_not_begin_the_hour_anew_and_the_next_hour_does(tmp_path: Path) -> None:
    with closing(store_at(tmp_path, NOON)) as store:
        store.write([received(event(1, issue="a"), event(2, issue="b"))])
    with closing(store_at(tmp_path, NOON)) as store:
        store.write([received(event(3, issue="c"))])
        assert len(issues_in(tmp_path)) == 3
    with closing(store_at(tmp_path, NOON + HOUR_MS)) as store:
        store.write([received(event(4, issue="c"))])

    assert "title of c" in {issue.title for issue in issues_in(tmp_path)}


def test_a_resolved_issue_that_is_seen_again_is_open_and_marked(tmp_path: Path) -> None:
    with closing(store_at(tmp_path, NOON)) as store:
        store.write([received(seen(1, at=NOON))])
        assert store.resolve(1)
        store.write([received(seen(2, at=NOON - 5))])
        (resolved,) = issues_in(tmp_path)
        store.write([received(seen(3, at=NOON + 5))])
        (again,) = issues_in(tmp_path)
        store.resolve(1)
        (twice,) = issues_in(tmp_path)

    assert (resolved.status, resolved.regressed_at) == ("resolved", None)
    assert again.status == "unresolved"
    assert again.regressed_at is not None
    assert again.regressed_at.timestamp() * 1_000 == NOON + 5
    assert (twice.status, twice.regressed_at) == ("resolved", None)


def test_an_issue_resolved_in_a_release_waits_for_a_later_one(tmp_path: Path) -> None:
    with closing(store_at(tmp_path, NOON)) as store:
        store.write([received(seen(1, at=NOON, release="shop@1.2.0"))])
        store.resolve(1, in_release="shop@1.2.0")
        for number, release in enumerate(("shop@1.2.0", "shop@1.1.9", "shop@1.2.0"), start=2):
            store.write([received(seen(number, at=NOON + number, release=release))])
        (waiting,) = issues_in(tmp_path)
        store.write([received(seen(9, at=NOON + 9, release="shop@1.10.0"))])
        (again,) = issues_in(tmp_path)

    assert waiting.status == "resolved"
    assert again.status == "unresolved"


def test_an_issue_can_be_opened_by_hand_and_a_missing_one_can_not(tmp_path: Path) -> None:
    with closing(store_at(tmp_path, NOON)) as store:
        store.write([received(event(1))])
        assert [store.resolve(1), store.reopen(1), store.resolve(7), store.reopen(7)] == [
            True,
            True,
            False,
            False,
        ]

    assert [issue.status for issue in issues_in(tmp_path)] == ["unresolved"]


@pytest.mark.parametrize(
    ("release", "other", "is_later"),
    [
        ("shop@1.10.0", "shop@1.9.9", True),
        ("shop@1.2", "shop@1.2.0", False),
        ("shop@1.2.0-rc1", "shop@1.2.0", False),
        ("shop@1.2.0", "shop@1.2.0-rc1", True),
        ("shop@1.1.0", "shop@1.2.0", False),
        ("1.3.0+build7", "1.2.0", True),
        ("a1b2c3d", "0f9e8d7", True),
        ("a1b2c3d", "a1b2c3d", False),
        ("", "shop@1.2.0", True),
        ("door@0.1.0", "shop@1.2.0", True),
    ],
)
def test_releases_have_an_order_where_they_say_so(
    release: str, other: str, *, is_later: bool
) -> None:
    assert comes_after(release, other) is is_later


@given(st.lists(st.builds(Sighting, st.integers(0, 9), st.sampled_from(["a", "b"])), max_size=9))
def test_the_first_sighting_after_the_resolution_is_the_regression(
    sightings: list[Sighting],
) -> None:
    found = first_regression(Resolution(5, None), sightings)

    assert (found and found.at) == min((each.at for each in sightings if each.at > 5), default=None)
