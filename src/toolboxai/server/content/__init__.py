"""Lessons and quizzes: what can be asked for, who writes them, and how they are handed out."""

from toolboxai.server.content.authors import Authors
from toolboxai.server.content.choosing import new_authors
from toolboxai.server.content.debugging import missing_model
from toolboxai.server.content.generations import Generating, GenerationTally
from toolboxai.server.content.generations import router as generations_router
from toolboxai.server.content.router import router

__all__ = [
    "Authors",
    "Generating",
    "GenerationTally",
    "generations_router",
    "missing_model",
    "new_authors",
    "router",
]
