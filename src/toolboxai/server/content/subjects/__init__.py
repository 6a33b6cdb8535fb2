"""What is taught: mathematics is computed, every other subject is one file of facts beside this one."""

from collections.abc import Mapping
from pathlib import Path

from toolboxai.server.content.engine.curriculum import MATHEMATICS, Curriculum
from toolboxai.server.content.subjects.bank import SubjectError, read_subject

__all__ = ["SUBJECTS", "SubjectError", "Subjects", "load_subjects"]

Subjects = Mapping[str, Curriculum]


def load_subjects(folder: Path) -> Subjects:
    """Return mathematics and the subjects whose files are in ``folder``, by name."""
    files = sorted(folder.glob("*.toml"))
    return {"mathematics": MATHEMATICS, **{file.stem: read_subject(file) for file in files}}


SUBJECTS = load_subjects(Path(__file__).parent)
