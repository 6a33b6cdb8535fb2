"""One envelope item in, what may leave of it out. Fails closed."""

from dataclasses import replace
from zlib import crc32

from toolboxai.telemetry.privacy.keys import PERSON, SECRET
from toolboxai.telemetry.privacy.minimal import minimal
from toolboxai.telemetry.privacy.notes import Passed, Setting
from toolboxai.telemetry.privacy.plans import Plans
from toolboxai.telemetry.privacy.policy import STAFF_ROLES, Policy, policy_for
from toolboxai.telemetry.privacy.pseudonyms import Pseudonym
from toolboxai.telemetry.privacy.rules import Rule
from toolboxai.telemetry.privacy.seen import Seen
from toolboxai.telemetry.privacy.somebody import role_of
from toolboxai.telemetry.privacy.text import Scanner
from toolboxai.telemetry.privacy.walk import Walk

# Raise it with every change to what the built-in rules let leave.
RULES_VERSION = 6

# Items in JSON whose every leaf is looked at. What isn't here doesn't leave: a new SDK's new item
# type has to be understood first.
KNOWN_ITEMS = frozenset(
    {
        "attachment", "check_in", "client_report", "event", "feedback", "log", "profile", "profile_chunk", "replay_event", "session",
        "sessions", "span", "trace_metric", "transaction", "user_report",
    }
)  # fmt: skip
# What a page looked like and what was typed there. No rule can read it, so it stays, understood or not.
RECORDINGS = frozenset({"replay_recording", "replay_video"})
# An attached text is one string, and longer than any of an event's.
MAX_ATTACHMENT_CHARS = 256 * 1024
# Those that are shown one by one, and so say themselves what was taken out of them.
_EVENTS = frozenset({"event", "feedback", "replay_event", "transaction"})


def rules_of(policy: Policy) -> int:
    """Return the built-in rules and a policy as one number of 32 bits: what was kept under another one is cleaned again."""
    return crc32(f"{RULES_VERSION} {policy.fingerprint}".encode())


class Gate:
    """Cleans payloads by ``policy``. ``max_string_chars`` caps every string before it is looked at.

    A user's id that isn't a pseudonym yet becomes one by ``pseudonym``. One gate serves one thread.
    """

    def __init__(
        self,
        pseudonym: Pseudonym,
        *,
        policy: Policy | None = None,
        max_string_chars: int = 8_192,
    ) -> None:
        policy = policy or policy_for("production", send_pii=False)
        own = tuple(Rule(name, ("",), form) for name, form in policy.patterns.items())
        names = dict.fromkeys(policy.extra_person_names, PERSON)
        names |= dict.fromkeys(policy.extra_secret_names, SECRET)
        scanner = Scanner(own, policy.switched_off, names)
        seen = Seen()
        of_pupils = Plans(policy, policy.pupil, seen)
        of_staff = Plans(policy, policy.staff, seen)
        self._setting = Setting(
            scanner, pseudonym, policy, max_string_chars, seen, of_pupils, of_staff
        )
        self._attached = replace(self._setting, max_string_chars=MAX_ATTACHMENT_CHARS)
        self.rules = rules_of(policy)

    def clean(self, item_type: str, payload: object) -> Passed | None:
        """Return what may leave of an item, or ``None`` for a type that nobody has understood yet.

        Any error on the way gives the minimal form: types, frames and ids, no text at all.
        """
        if item_type not in KNOWN_ITEMS or not isinstance(payload, dict):
            return None
        try:
            setting = self._attached if item_type == "attachment" else self._setting
            plans = setting.of_staff if role_of(payload) in STAFF_ROLES else setting.of_pupils
            return Walk(setting, plans).over(payload, is_event=item_type in _EVENTS)
        except Exception:  # noqa: BLE001 - whatever went wrong, the raw item must not leave
            return Passed(minimal(payload), {"gate-failed": 1})
