"""Documents that are named for somebody, and who did something to one."""

import pytest

from toolboxai.telemetry.privacy.text import Scanner


def _look(text: str) -> str:
    return Scanner().look(text, lambda _rule: None)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("could not open report-anna-weber.pdf", "could not open report-[redacted:name].pdf"),
        ("AnnaWeber_essay.docx", "[redacted:name]_essay.docx"),
        ("saved WeberAnna-report.xlsx", "saved [redacted:name]-report.xlsx"),
        ("essay_olivia.thackeray_v2.odt", "essay_[redacted:name]_v2.odt"),
        ("/uploads/7/HomeworkLiamMurphy.PDF", "/uploads/7/Homework[redacted:name].PDF"),
        ("Approved by Weber", "Approved by [redacted:name]"),
        ("reviewed by Okonkwo on Monday", "reviewed by [redacted:name] on Monday"),
        ("the quiz was marked by Xu", "the quiz was marked by [redacted:name]"),
    ],
)
def test_who_a_document_is_named_for_or_was_handled_by_does_not_leave(text: str, left: str) -> None:
    assert _look(text) == left
    assert _look(left) == left


@pytest.mark.parametrize(
    "text",
    [
        "report-spring-term.pdf",
        "AverageScore_table.docx",
        "maria-db-dump.zip",
        "annual-report.pdf",
        "JordanCurve_notes.pdf",
        "tests/data/AnnaWeber.py",
        "approved by default",
        "Sorted by Name",
        "signed by DigiCert",
        "verified by Checksum",
        "written by GPT-4",
        "Assigned by Weber-2 build agent",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert _look(text) == text
