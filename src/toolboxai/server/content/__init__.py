"""Lessons: what can be asked for, how they are made, and how they are handed out."""

from toolboxai.server.content.generations import Generating, GenerationTally
from toolboxai.server.content.generations import router as generations_router
from toolboxai.server.content.router import router
from toolboxai.server.content.tally import LessonTally

__all__ = ["Generating", "GenerationTally", "LessonTally", "generations_router", "router"]
