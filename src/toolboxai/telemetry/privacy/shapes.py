"""What is left of a value where only its kind and length may leave."""

from toolboxai.telemetry.privacy.markers import is_ours


def shape_of(value: object) -> object:
    """Return the kind and length of ``value``: ``<text 12>``, ``<number>``, ``<list 3>``. Switches and nothing stay."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return value if is_ours(value) or not value else f"<text {len(value)}>"
    if isinstance(value, int | float):
        return "<number>"
    if isinstance(value, list | tuple):
        return f"<list {len(value)}>"
    if isinstance(value, dict):
        return f"<object {len(value)}>"
    return f"<{type(value).__name__.lower()}>"
