"""Where the monitor is: its URL and the DSN that clients are given. Pure."""

from toolboxai.monitor.models import Project

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def url_of(host: str, port: int) -> str:
    """Return the URL of a monitor that listens on ``host`` and ``port``."""
    reachable = EVERYWHERE.get(host, host)
    name = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{name}:{port}"


def dsn_of(project: Project, url: str) -> str:
    """Return what a client needs to send to ``project``."""
    scheme, _, place = url.partition("://")
    return f"{scheme}://{project.public_key}@{place}/{project.id}"
