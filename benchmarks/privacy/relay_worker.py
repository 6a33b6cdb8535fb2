"""Runs in Relay's own environment: JSON lines of events in, as Relay's scrubber would let them through, out.

One argument: ``default``, what every project begins with; ``all``, every rule that Relay knows on every text; ``none``,
no rule, which must change nothing. Relay writes times as numbers and tags as pairs: that is put back, being no redaction.
"""

import json
import sys
from datetime import datetime
from importlib import import_module

_DEFAULT = {
    "scrubData": True,
    "scrubDefaults": True,
    "scrubIpAddresses": True,
    "sensitiveFields": [],
    "excludeFields": [],
}
_RULES = [
    "ip",
    "email",
    "creditcard",
    "iban",
    "mac",
    "uuid",
    "imei",
    "pemkey",
    "urlauth",
    "usssn",
    "userpath",
    "password",
    "bearer",
]


def restored(before: object, after: object) -> object:
    """Return ``after`` with the times and tags spelled as in ``before`` where they say the same."""
    if isinstance(before, dict) and isinstance(after, list):
        after = {pair[0]: pair[1] for pair in after if isinstance(pair, list) and pair[0]}
    if isinstance(before, dict) and isinstance(after, dict):
        return {key: restored(before.get(key), value) for key, value in after.items()}
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [restored(old, new) for old, new in zip(before, after, strict=True)]
    if isinstance(before, str) and isinstance(after, float) and _epoch(before) == after:
        return before
    return after


def _epoch(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def main() -> None:
    """Scrub until the input ends."""
    relay = import_module("sentry_relay.processing")
    configs = {
        "default": relay.convert_datascrubbing_config(_DEFAULT),
        "all": {"applications": {"**": [f"@{rule}:replace" for rule in _RULES]}},
        "none": {},
    }
    config = configs[sys.argv[1]]
    for line in sys.stdin:
        event = json.loads(line)
        print(json.dumps(restored(event, relay.pii_strip_event(config, event))))


if __name__ == "__main__":
    main()
