"""The commands of `toolboxai privacy`, their options and their help."""

from functools import partial
from typing import Annotated

import typer

privacy_app = typer.Typer(no_args_is_help=True)

EnvironmentOption = Annotated[
    str,
    typer.Option(help="By whose rules: development, staging, production or a name of your own."),
]


@privacy_app.command(epilog="Example: toolboxai privacy scrub < events.jsonl > scrubbed.jsonl")
def scrub(environment: EnvironmentOption = "production") -> None:
    """Read payloads as JSON lines; write what would leave of each, null for what would not.

    Events of errors and messages have no type; others say type: transaction, feedback, log ...
    """
    from toolboxai.cli.scrubbing import run_scrub

    say = partial(typer.echo, err=True)
    with open(0, "rb", closefd=False) as source, open(1, "wb", closefd=False) as target:
        raise typer.Exit(run_scrub(source, target, say, environment=environment))


@privacy_app.command(
    epilog="Example: toolboxai privacy policy --environment production > policy.md"
)
def policy(
    environment: Annotated[
        str | None, typer.Option(help="Of which environment.", show_default="$SENTRY_ENVIRONMENT")
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Print what may leave, of whom and to whom, for who answers for a school's data."""
    from toolboxai.cli.explaining import run_policy

    run_policy(typer.echo, environment=environment, is_json=is_json)


@privacy_app.command(epilog="Example: toolboxai privacy audit --environment production")
def audit(
    environment: Annotated[
        str | None, typer.Option(help="As which environment.", show_default="$SENTRY_ENVIRONMENT")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="A server that runs already, and reports to --sink-port of this machine.",
            show_default="one of its own",
        ),
    ] = None,
    sink_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where to record, with --url.")
    ] = 8019,
) -> None:
    """Plant made-up secrets and persons in a server; show what of them leaves. Exit code 1 if anything does."""
    from toolboxai.cli.auditing import run_audit

    raise typer.Exit(run_audit(typer.echo, environment=environment, url=url, sink_port=sink_port))
