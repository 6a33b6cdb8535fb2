"""Lessons: what can be asked for, how they are made, and how they are handed out."""

from toolboxai.server.content.router import router
from toolboxai.server.content.tally import LessonTally

__all__ = ["LessonTally", "router"]
