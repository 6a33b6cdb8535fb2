"""Roblox Studio: how its plugin is paired with a teacher, and what they tell each other.

The server's half of the protocol; docs/server.md has the whole of it.
"""

from fastapi import APIRouter

from toolboxai.server.roblox import router as plugin
from toolboxai.server.roblox import staff
from toolboxai.server.roblox.office import Office

router = APIRouter()
router.include_router(plugin.router)
router.include_router(staff.router)

__all__ = ["Office", "router"]
