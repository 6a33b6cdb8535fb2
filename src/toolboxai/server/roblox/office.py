"""What one process keeps for its plugins: their line to the database, the bells of polls that wait, what was told of late."""

from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from toolboxai.server.database import Database
from toolboxai.server.roblox import mailbox
from toolboxai.server.roblox.bells import Bells
from toolboxai.server.roblox.figures import PluginFigures
from toolboxai.server.roblox.line import Line
from toolboxai.server.roblox.minutes import Minutes


class Office:
    """One an application."""

    def __init__(self, database: Database, registry: CollectorRegistry) -> None:
        self.database = Line(database)
        self.bells = Bells(lambda sessions: mailbox.newest_of(self.database, sessions))
        self.told_errors = Minutes()
        self.figures = PluginFigures(database, self.bells, registry)


async def office_of(request: Request) -> Office:
    """Return the office that the application was started with."""
    office: Office = request.app.state.plugin_office
    return office


OfficeDep = Annotated[Office, Depends(office_of)]
