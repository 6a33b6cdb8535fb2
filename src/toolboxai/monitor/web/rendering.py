"""Templates filled with values. The only module that knows Jinja."""

from collections.abc import Callable, Mapping
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from toolboxai.monitor.web import lenient, wording
from toolboxai.monitor.web.assets import Assets
from toolboxai.monitor.web.errors import PageError
from toolboxai.monitor.web.event_view import level_of


class Renderer:
    """Makes pages. Everything that a template prints is escaped."""

    def __init__(self, assets: Assets, *, now: Callable[[], datetime] = wording.utc_now) -> None:
        self._now = now
        self._templates = Environment(
            loader=PackageLoader("toolboxai.monitor.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"asset": assets.path}
        self._templates.filters |= {
            "stamp": wording.stamp,
            "iso": wording.iso,
            "ago": wording.ago,
            "before": wording.before,
            "duration": wording.duration,
            "grouped": wording.grouped,
            "rate": wording.rate,
            "percent": wording.percent,
            "level": level_of,
            "plain": lenient.text_of,
        }

    def page(
        self,
        template: str,
        values: Mapping[str, object],
        *,
        signed_in: bool,
        status: int = 200,
    ) -> HTMLResponse:
        """Return the page that ``template`` makes of ``values``."""
        filled = self._templates.get_template(template).render(
            values, signed_in=signed_in, now=self._now()
        )
        return HTMLResponse(filled, status_code=status)

    def error(self, error: PageError, *, signed_in: bool) -> HTMLResponse:
        """Return the page that says what is wrong and what to do."""
        said = {"title": error.title, "advice": error.advice}
        return self.page("error.html", said, signed_in=signed_in, status=error.status)
