"""The commands, their options and their help. What they do is imported when they are called.

So `toolboxai monitor dsn` doesn't wait for FastAPI, and a machine that has only one extra can use
the commands of that extra.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from toolboxai import __version__
from toolboxai.cli.errors import CommandError
from toolboxai.cli.privacy import privacy_app
from toolboxai.monitor.settings import MonitorSettings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="ToolboxAI: lessons for schools, on a server that reports what goes wrong.",
    epilog="Example: toolboxai up, then toolboxai doctor",
)
monitor_app = typer.Typer(invoke_without_command=True)
app.add_typer(
    monitor_app,
    name="monitor",
    help="Run the monitor, or ask one about itself.",
    epilog="Example: toolboxai monitor --data /var/lib/toolboxai/monitor --port 8009",
)
users_app = typer.Typer(no_args_is_help=True)
app.add_typer(
    users_app,
    name="users",
    help="Look after who may use the server.",
    epilog="Example: toolboxai users create-admin --username kim --school 'Hill School'",
)

spool_app = typer.Typer(no_args_is_help=True)
app.add_typer(
    spool_app,
    name="spool",
    help="Look after the reports that wait on this machine, also while a server runs.",
    epilog="Example: toolboxai spool list",
)

app.add_typer(
    privacy_app,
    name="privacy",
    help="Show what may leave this machine, and try it.",
    epilog="Example: toolboxai privacy scrub < events.jsonl",
)


def _folder(name: str) -> Path:
    if not name.strip():
        message = "--data names no folder; give it one, or leave it out for the default"
        raise CommandError(message)
    return Path(name).absolute()


HostOption = Annotated[str | None, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        help="The monitor's folder.",
        show_default="$TOOLBOXAI_DATA_DIR/monitor",
        parser=_folder,
        metavar="PATH",
    ),
]


def main() -> None:
    """Run the command line; what a command can't do ends in one sentence and its exit code."""
    try:
        app(prog_name="toolboxai")
    except CommandError as error:
        sys.stderr.write(f"toolboxai: {error}\n")
        sys.exit(error.exit_code)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def toolboxai(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take what comes before any command."""


@app.command(epilog="Example: toolboxai up --port 8010 --data /var/lib/toolboxai")
def up(
    host: HostOption = None,
    port: PortOption = None,
    monitor_port: Annotated[
        int, typer.Option(min=1, max=65535, help="The monitor's port on this machine.")
    ] = 8009,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder for all data.",
            show_default="$TOOLBOXAI_DATA_DIR",
            parser=_folder,
            metavar="PATH",
        ),
    ] = None,
) -> None:
    """Run monitor and server together; keep both running until stopped."""
    from toolboxai.cli.up import run_up

    raise typer.Exit(run_up(host=host, port=port, monitor_port=monitor_port, data=data))


@app.command(epilog="Example: SENTRY_DSN=https://key@sentry.example/1 toolboxai serve --workers 2")
def serve(
    host: HostOption = None,
    port: PortOption = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that serve.")] = 1,
) -> None:
    """Run the server; its settings come from the environment and from .env."""
    from toolboxai.cli.serving import run_server

    run_server(host=host, port=port, workers=workers)


@app.command(epilog="Example: toolboxai doctor && echo reports arrive")
def doctor() -> None:
    """Send a test message and prove that it arrived; exit code 0 only then."""
    from toolboxai.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(typer.echo))


@app.command(epilog="Example: toolboxai demo --requests 500 --seconds 30")
def demo(
    url: Annotated[str, typer.Option(help="The server to send to.")] = "http://127.0.0.1:8008",
    requests: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many requests to send.")
    ] = 200,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="How long to take over them, at least.")
    ] = 10.0,
    seed: Annotated[int, typer.Option(help="The same seed sends the same requests.")] = 1,
) -> None:
    """Play a school day on a server, with what goes wrong on one: sign-ins, lessons, orders, plugins."""
    from toolboxai.cli.demo import run_demo

    raise typer.Exit(run_demo(url, requests=requests, seconds=seconds, seed=seed))


@users_app.callback()
def users() -> None:
    """Look after who may use the server."""


@users_app.command(
    epilog='Example: toolboxai users create-admin --school "Hill School" --username kim'
)
def create_admin(
    username: Annotated[str, typer.Option(help="Their user name.")],
    school: Annotated[
        str, typer.Option(help="The school; made if it isn't there. Without one: an operator.")
    ] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Make the first administrator of a school, or an operator of the server."""
    from toolboxai.cli.accounts import run_create_admin

    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    raise typer.Exit(
        run_create_admin(typer.echo, school=school, username=username, password=password)
    )


@spool_app.command("list", epilog="Example: toolboxai spool list --all")
def list_spool(
    is_all: Annotated[bool, typer.Option("--all", help="A line for each report.")] = False,
) -> None:
    """Print what waits to be sent: how much of what, for which sink, since when."""
    from toolboxai.cli.spooling import run_list

    raise typer.Exit(run_list(typer.echo, is_all=is_all))


@spool_app.command(epilog="Example: toolboxai spool show 3f2a")
def show(
    report_id: Annotated[str, typer.Argument(metavar="ID", help="The id, or how it begins.")],
) -> None:
    """Print one report as it would leave this machine, as JSON."""
    from toolboxai.cli.spooling import run_show

    raise typer.Exit(run_show(typer.echo, report_id))


@spool_app.command(epilog="Example: SENTRY_DSN=https://key@sentry.example/1 toolboxai spool drain")
def drain(
    timeout: Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds it may take.")] = 60,
) -> None:
    """Send what waits and no process sends; exit code 0 only when all of it was delivered."""
    from toolboxai.cli.draining import run_drain

    raise typer.Exit(run_drain(typer.echo, timeout_seconds=timeout))


@spool_app.command(epilog="Example: toolboxai spool discard --older-than 24h")
def discard(
    older_than: Annotated[str, typer.Option(help="A number and s, m, h or d.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Throw away what has waited for longer than that and no process sends."""
    from toolboxai.cli.amounts import parse_duration
    from toolboxai.cli.spooling import run_discard

    age = parse_duration(older_than)
    ask = (lambda _: True) if yes else typer.confirm
    raise typer.Exit(run_discard(typer.echo, ask, older_than=age))


@monitor_app.callback()
def monitor(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8009,
    data: DataOption = None,
) -> None:
    """Run the monitor until it is stopped."""
    folder = Path(os.environ.get("TOOLBOXAI_DATA_DIR") or ".toolboxai") / "monitor"
    context.obj = MonitorSettings(host=host, port=port, data=data or folder)
    if context.invoked_subcommand is None:
        from toolboxai.cli.receiving import run_monitor

        run_monitor(context.obj)


@monitor_app.command(epilog="Example: export SENTRY_DSN=$(toolboxai monitor dsn)")
def dsn(context: typer.Context, data: DataOption = None) -> None:
    """Print the DSN that clients report to."""
    from toolboxai.cli.monitoring import find_dsn, warning_before_first_run

    settings = _settings(context, data)
    warning = warning_before_first_run(settings)
    typer.echo(find_dsn(settings))
    if warning:
        typer.echo(f"toolboxai: {warning}", err=True)


@monitor_app.command(epilog="Example: export SENTRY_AUTH_TOKEN=$(toolboxai monitor token)")
def token(context: typer.Context, data: DataOption = None) -> None:
    """Create a token for the web API; it is printed once and not kept."""
    from toolboxai.cli.monitoring import create_token

    typer.echo(create_token(_settings(context, data)))


@monitor_app.command(epilog="Example: toolboxai monitor password")
def password(context: typer.Context, data: DataOption = None) -> None:
    """Replace the password of the user admin; the new one is printed once and not kept."""
    from toolboxai.cli.monitoring import reset_password

    typer.echo(reset_password(_settings(context, data)))


@monitor_app.command(epilog="Example: toolboxai monitor backup /backups/$(date +%F)")
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="The folder to make; it must not exist yet.")],
    data: DataOption = None,
) -> None:
    """Copy all data as it is at one moment; the monitor may go on running."""
    from toolboxai.cli.monitoring import back_up

    back_up(_settings(context, data), target)


@monitor_app.command(epilog="Example: toolboxai monitor restore /backups/2026-11-24 --data new")
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="A folder that backup made.")],
    data: DataOption = None,
) -> None:
    """Put a copy, checked page by page, into a data folder that no monitor has used."""
    from toolboxai.cli.monitoring import restore as put_back

    put_back(_settings(context, data), source)


@monitor_app.command(epilog="Example: toolboxai monitor count error")
def count(
    context: typer.Context,
    category: Annotated[
        str | None, typer.Argument(help="error, transaction, log …; without it all, one a line.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Print how many items are stored."""
    from toolboxai.cli.monitoring import count_lines

    for line in count_lines(_settings(context, data), category):
        typer.echo(line)


@monitor_app.command(epilog="Example: toolboxai monitor ids | sort | uniq -d")
def ids(context: typer.Context, data: DataOption = None) -> None:
    """Print the ids of all stored errors and transactions, one a line."""
    from toolboxai.cli.monitoring import find_event_ids

    for event_id in find_event_ids(_settings(context, data)):
        typer.echo(event_id)


def _settings(context: typer.Context, data: Path | None) -> MonitorSettings:
    """Return the monitor's settings; ``--data`` may stand before the question or after it."""
    before: MonitorSettings = context.obj
    return replace(before, data=data) if data else before
