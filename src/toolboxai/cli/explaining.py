"""What `toolboxai privacy policy` prints: what may leave by the settings of this machine, to read or as JSON."""

from collections.abc import Callable

import orjson

from toolboxai.cli.gates import settings_for
from toolboxai.server.sentry_config import options_for, sink_for
from toolboxai.telemetry.privacy import as_markdown, document_of, policy_of

Say = Callable[[str], None]


def run_policy(say: Say, *, environment: str | None, is_json: bool) -> None:
    """Print the policy of ``environment``, or of the one that is set."""
    settings = settings_for(environment)
    options = options_for(settings, sink_for(settings))
    document = document_of(options, policy_of(options))
    if is_json:
        say(orjson.dumps(document.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        say(as_markdown(document))
