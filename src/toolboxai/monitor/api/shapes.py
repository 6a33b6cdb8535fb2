"""The monitor's values in the shapes of Sentry's web API. Pure."""

from datetime import datetime
from typing import Any

from toolboxai.monitor.api.entries import entries, iso_of, mapping, text
from toolboxai.monitor.models import Issue, Project, StoredEvent

ORGANIZATION = "toolboxai"
USER_TEXTS = ("id", "email", "username", "ip_address", "name", "display_name")

Json = dict[str, Any]


def organization(base: str) -> Json:
    """Return the one organisation that there is."""
    return {
        "id": "1",
        "slug": ORGANIZATION,
        "name": "ToolboxAI",
        "status": {"id": "active", "name": "active"},
        "dateCreated": "1970-01-01T00:00:00Z",
        "isEarlyAdopter": False,
        "require2FA": False,
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None},
        "features": [],
        # Without a region clients go on with the address that they have.
        "links": {"organizationUrl": f"{base}/", "regionUrl": ""},
    }


def project(value: Project, base: str) -> Json:
    """Return a project."""
    return {
        "id": str(value.id),
        "slug": value.slug,
        "name": value.name,
        "platform": None,
        "status": "active",
        "isMember": True,
        "isBookmarked": False,
        "hasAccess": True,
        "dateCreated": "1970-01-01T00:00:00Z",
        "features": [],
        "organization": organization(base),
    }


def issue(value: Issue, owner: Project, base: str) -> Json:
    """Return an issue; ``base`` is where the monitor's pages are."""
    kind, _, text = value.title.partition(": ")
    return {
        "id": str(value.id),
        "shortId": f"{owner.slug.upper()}-{value.id}",
        "title": value.title,
        "culprit": value.culprit,
        "level": value.level,
        "platform": value.platform,
        "status": value.status,
        "substatus": _substatus(value),
        "statusDetails": {},
        "isUnhandled": not value.handled,
        # Sentry writes it as a text, too.
        "count": str(value.count),
        "userCount": 0,
        "firstSeen": _iso(value.first_seen),
        "lastSeen": _iso(value.last_seen),
        "type": "error",
        "issueType": "error",
        "issueCategory": "error",
        "metadata": {"type": kind, "value": text, "title": value.title},
        "project": {"id": str(owner.id), "slug": owner.slug, "name": owner.name, "platform": None},
        "permalink": f"{base}/issues/{value.id}/",
        "annotations": [],
        "assignedTo": None,
        "hasSeen": True,
        "isBookmarked": False,
        "isPublic": False,
        "isSubscribed": False,
        "logger": None,
        "numComments": 0,
        "shareId": None,
        "subscriptionDetails": None,
    }


def _substatus(value: Issue) -> str | None:
    if value.status != "unresolved":
        return None
    return "regressed" if value.regressed_at else "ongoing"


def event(value: StoredEvent, owner: Project) -> Json:
    """Return an event."""
    payload = value.payload
    message = (payload.get("logentry") or {}).get("formatted") or ""
    return {
        "id": value.event_id,
        "eventID": value.event_id,
        "projectID": str(value.project_id),
        "projectSlug": owner.slug,
        "groupID": str(value.issue_id) if value.issue_id else None,
        "type": "error" if value.issue_id else "transaction",
        "title": _title(payload, message),
        "message": message,
        "culprit": payload.get("transaction") or "",
        "location": payload.get("transaction"),
        "platform": payload.get("platform", "other"),
        "dateReceived": _iso(value.received_at),
        "dateCreated": iso_of(payload.get("timestamp")) or _iso(value.received_at),
        "size": None,
        "dist": payload.get("dist"),
        "release": _release(payload.get("release")),
        "user": _user(payload.get("user")),
        "contexts": {
            name: context
            for name, context in mapping(payload.get("contexts")).items()
            if isinstance(context, dict)
        },
        "context": payload.get("extra") or {},
        "packages": payload.get("modules") or {},
        "sdk": payload.get("sdk"),
        "tags": _tags(payload),
        "entries": entries(payload),
        "errors": [],
        "_meta": payload.get("_meta") or {},
    }


def _title(payload: Json, message: str) -> str:
    values = (payload.get("exception") or {}).get("values") or [{}]
    parts = (values[-1].get("type"), values[-1].get("value"))
    return ": ".join(part for part in parts if isinstance(part, str)) or message


def _tags(payload: Json) -> list[Json]:
    tags = {"level": payload.get("level", "error")}
    tags |= {
        key: payload[key] for key in ("environment", "release", "server_name") if key in payload
    }
    tags |= payload.get("tags") or {}
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def _release(version: object) -> Json | None:
    if not isinstance(version, str):
        return None
    return {"version": version, "shortVersion": version, "lastCommit": None, "lastDeploy": None}


def _user(value: object) -> Json | None:
    """Return a user whose identifying fields are texts, whatever the client sent."""
    if not isinstance(value, dict):
        return None
    known = {name: text(value.get(name)) for name in USER_TEXTS}
    geo = mapping(value.get("geo"))
    places = {name: place for name, place in geo.items() if isinstance(place, str)}
    return {**value, **known, "geo": places or None}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
