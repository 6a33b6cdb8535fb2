"""Orders for content: taken in at once, made in the background, followed until they are done."""

from toolboxai.server.content.generations.router import router
from toolboxai.server.content.generations.tally import GenerationTally
from toolboxai.server.content.generations.work import Generating

__all__ = ["Generating", "GenerationTally", "router"]
