"""Which Studio asks, as a dependency of an endpoint. Holds no connection after that."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerMinute

from toolboxai import telemetry
from toolboxai.server.auth import CountsDep, TooManyRequestsError
from toolboxai.server.roblox.errors import NotPairedError
from toolboxai.server.roblox.office import OfficeDep
from toolboxai.server.roblox.protocol import REQUESTS_PER_MINUTE
from toolboxai.server.roblox.studios import Studio, studio_with

REQUESTS = RateLimitItemPerMinute(REQUESTS_PER_MINUTE, namespace="plugin requests")
_bearer = HTTPBearer(
    scheme_name="PluginToken", description="A token from POST /plugin/register", auto_error=False
)
_header = APIKeyHeader(
    name="X-Plugin-Token",
    scheme_name="PluginTokenHeader",
    description="The same, for where a proxy wants Authorization for itself",
    auto_error=False,
)


async def studio(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
    office: OfficeDep,
    counts: CountsDep,
) -> Studio:
    """Return the Studio that asks; raise a 401 for a token that isn't good, a 429 for too many requests."""
    token = header or (bearer.credentials if bearer else None)
    if not token:
        raise NotPairedError
    found = await studio_with(office.database, token)
    telemetry.set_user(telemetry.User(id=str(found.user_id), role=found.role))
    telemetry.set_context(
        telemetry.Plugin(
            action=request.scope["route"].name,
            version=found.plugin_version,
            # With a word before it: an id alone may be a thing's, and would leave as it is.
            client=f"studio-{found.session_id}",
        )
    )
    if not await counts.hit(REQUESTS, str(found.session_id)):
        raise TooManyRequestsError(await counts.wait_seconds(REQUESTS, str(found.session_id)))
    return found


StudioDep = Annotated[Studio, Depends(studio)]
