"""The SDK's scopes of one piece of work: forked where it begins, current again wherever it goes on."""

from typing import NamedTuple

from sentry_sdk import Scope

from toolboxai.telemetry.current import Request
from toolboxai.telemetry.forks import forked_later
from toolboxai.telemetry.tracing import continue_trace_of


class Scopes(NamedTuple):
    """What the SDK looks at: the scope of the whole piece of work, and that of the step it is in."""

    isolation: Scope
    current: Scope

    def enter(self) -> None:
        """Make these the current ones."""
        Scope.set_isolation_scope(self.isolation)
        Scope.set_current_scope(self.current)


def current_scopes() -> Scopes:
    """Return the current ones."""
    return Scopes(Scope.get_isolation_scope(), Scope.get_current_scope())


def isolate(request: Request, base: Scopes, *, at_once: bool = True) -> None:
    """Give ``request`` scopes of its own, forked from ``base``, and enter them.

    Not ``at_once`` from those that nobody changes meanwhile, for a request that may never look at them.
    """
    fork = Scope.fork if at_once else forked_later
    own = Scopes(fork(base.isolation), fork(base.current))
    own.current.span = None  # whoever forked may be in a span of its own trace
    own.current._propagation_context = None  # noqa: SLF001 - it would hide the request's
    continue_trace_of(request, own.isolation)
    request.scopes = own.enter
    own.enter()
