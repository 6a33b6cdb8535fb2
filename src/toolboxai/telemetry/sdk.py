"""Where the SDK's majors differ. From 3.0 on it has another kind of span: errors and logs work, traces wait."""

from collections.abc import Mapping
from typing import Any

import sentry_sdk.consts

try:
    from sentry_sdk.tracing import Span, Transaction, TransactionSource
except (
    ModuleNotFoundError
):  # names for annotations; nothing makes one while HAS_TRANSACTIONS is false
    from sentry_sdk.traces import SegmentNameSource as TransactionSource  # type: ignore[assignment]
    from sentry_sdk.traces import Span  # type: ignore[attr-defined, no-redef]

    Transaction = Span  # type: ignore[assignment, misc]
    HAS_TRANSACTIONS = False
else:
    HAS_TRANSACTIONS = True

__all__ = ["HAS_TRANSACTIONS", "NO_TRACES", "Span", "Transaction", "TransactionSource", "known"]

NO_TRACES = (
    f"traces are off: telemetry doesn't know the spans of sentry-sdk {sentry_sdk.VERSION} yet; "
    "errors and logs are reported; install sentry-sdk<3 for traces"
)


def known(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of ``options`` that this SDK's ``init`` knows: it refuses any other."""
    names = sentry_sdk.consts.DEFAULT_OPTIONS.keys() | {"dsn"}
    spans = frozenset() if HAS_TRANSACTIONS else frozenset({"traces_sampler"})
    return {name: value for name, value in options.items() if name in names - spans}
