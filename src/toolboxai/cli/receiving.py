"""What `toolboxai monitor` does without a question: it receives until it is stopped."""

from toolboxai.cli.errors import CommandError
from toolboxai.cli.ports import refuse_taken
from toolboxai.monitor import app
from toolboxai.monitor.models import MonitorError
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.store import Store


def run_monitor(settings: MonitorSettings) -> None:
    """Run the monitor until it is stopped."""
    refuse_taken(settings.host, settings.port)
    try:
        # Once uvicorn has begun, a folder that can't be used ends in its traceback.
        Store(settings).close()
        app.run(settings)
    except MonitorError as error:
        raise CommandError(str(error), exit_code=1) from error
