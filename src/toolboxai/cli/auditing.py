"""What `toolboxai privacy audit` does: plants made-up secrets and persons, and looks for them on the wire."""

from collections.abc import Callable, Sequence
from secrets import token_hex

from toolboxai.cli.audit.outcomes import outcomes_of
from toolboxai.cli.audit.planting import Asker, planted_in
from toolboxai.cli.audit.recorder import HOST, Recording, recording
from toolboxai.cli.audit.running import audited_server, wait_until_delivered, wait_until_quiet
from toolboxai.cli.audit.searching import texts_of
from toolboxai.cli.environment import read_settings
from toolboxai.cli.errors import CommandError
from toolboxai.cli.explaining import run_policy
from toolboxai.cli.ports import refuse_taken
from toolboxai.cli.tables import aligned
from toolboxai.server.audit import places
from toolboxai.server.audit.canaries import KINDS, Canaries, Canary
from toolboxai.telemetry.privacy import Pseudonym, pseudonyms

EVENT = "event"

Say = Callable[[str], None]


def run_audit(say: Say, *, environment: str | None, url: str | None, sink_port: int) -> int:
    """Plant, record, search, say; 1 when anything that was planted can be read on the wire, else 0."""
    canaries, pseudonym_key = Canaries(token_hex(16)), token_hex(32)
    if url is None:
        name = environment or read_settings().sentry_environment
        with recording() as wire, audited_server(wire.dsn, canaries, name, pseudonym_key) as own:
            say(f"· a server of its own runs as {name}, and reports to a recorder on this machine")
            wanted = plant(Asker(own, canaries), canaries, say, is_own=True)
            wait_until_delivered(own)
    else:
        refuse_taken(HOST, sink_port, option="--sink-port")
        with recording(sink_port) as wire:
            say(f"· recording as a sink; the server at {url} must run with SENTRY_DSN={wire.dsn}")
            wanted = plant(Asker(url.rstrip("/"), canaries), canaries, say, is_own=False)
            wait_until_quiet(wire)
    return report(say, wire, wanted, pseudonyms(pseudonym_key), environment=environment)


def plant(asker: Asker, canaries: Canaries, say: Say, *, is_own: bool) -> list[Canary]:
    """Ask in all ways; of a server that isn't our own only in those that change nothing. Return what was planted."""
    routes = [route for route in asker.routes() if is_own or route.only_reads]
    for kind in KINDS:
        for route in routes:
            asker.ask(route, kind)
    if is_own:
        asker.ask_carelessly()
    planted = planted_in(places.PLACES if is_own else places.BY_READERS, canaries)
    say(f"· planted {len(planted):,} canaries of {len(KINDS)} kinds by way of {len(routes)} routes")
    return planted


def report(
    say: Say,
    wire: Recording,
    planted: Sequence[Canary],
    pseudonym: Pseudonym,
    *,
    environment: str | None,
) -> int:
    """Say what arrived of what was planted, and what was meant to."""
    texts = texts_of(wire.heads, wire.bodies)
    if EVENT not in {each.item_type for each in texts}:
        message = "no report of an error reached the recorder, so there is nothing to learn from it"
        raise CommandError(message)
    types = ", ".join(sorted(each.item_type for each in texts))
    say(f"· {len(wire.bodies):,} envelopes reached the wire; in them: {types}\n")
    outcomes = list(outcomes_of(planted, texts, pseudonym))
    rows = [(each.place, str(each.planted), each.reached) for each in outcomes]
    for line in aligned([("planted in", "canaries", "reached the wire"), *rows]):
        say(line)
    is_leaking = any(each.leaked for each in outcomes)
    say("")
    say("LEAKED: see above" if is_leaking else "nothing that was planted can be read on the wire")
    say("")
    run_policy(say, environment=environment, is_json=False)
    return 1 if is_leaking else 0
