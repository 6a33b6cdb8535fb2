"""What an operator of the monitor may choose. It refuses what can't work; it reads no environment."""

from dataclasses import dataclass, field, fields
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything that can grow, with the unit in the name."""

    max_compressed_bytes: int = 20 * MIB
    max_inflated_bytes: int = 50 * MIB
    max_inflate_ratio: int = 100
    # A short body of repeated text compresses better than any ratio one would want to forbid.
    inflate_ratio_floor_bytes: int = MIB
    max_envelope_items: int = 1_000
    max_header_bytes: int = 64 * 1024
    max_json_depth: int = 100
    max_json_values: int = 200_000
    max_event_bytes: int = MIB
    # Below this an event that is too large is trimmed, above it isn't even parsed.
    max_container_bytes: int = 12 * MIB
    max_attachment_bytes: int = 10 * MIB
    max_queue_bytes: int = 64 * MIB
    max_batch_bytes: int = 4 * MIB
    max_batch_items: int = 500
    # What a container of spans, metrics or sessions may claim to hold.
    max_container_items: int = 10_000
    max_gzip_members: int = 1_000
    max_connections: int = 1_000
    # A proxy is one address, too.
    max_connections_per_address: int = 256
    head_timeout_seconds: float = 10.0
    # Until the key is known, which may be in the body.
    stranger_timeout_seconds: float = 10.0
    max_cached_issues: int = 100_000
    # What comes above it is stored, in one issue that says so.
    max_new_issues_per_project_hour: int = 1_000
    # What comes above these is counted together, as "<other>".
    max_transaction_names_per_project: int = 2_000
    max_span_groups_per_transaction: int = 100
    max_span_groups_per_project: int = 5_000
    body_timeout_seconds: float = 30.0
    store_timeout_seconds: float = 60.0
    retry_after_seconds: int = 5
    read_timeout_seconds: float = 5.0
    drain_timeout_seconds: int = 10
    # Longer than a spool keeps (72): what was stored, but whose answer got lost, may come again for so long.
    remember_ids_hours: int = 96
    max_event_age_days: int = 30
    max_clock_ahead_seconds: int = 60
    # What is kept: whole UTC days, the oldest go first, however few. Today's are never deleted.
    keep_errors_days: int = 90
    keep_traces_days: int = 30
    keep_logs_days: int = 30
    keep_other_days: int = 30
    max_errors_bytes: int = 8 * GIB
    max_traces_bytes: int = 8 * GIB
    max_logs_bytes: int = 4 * GIB
    max_other_bytes: int = 4 * GIB
    seconds_between_retention: float = 60.0

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if value <= 0:
                msg = f"{limit.name} must be above 0, got {value}"
                raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """Where the monitor listens and keeps its data. Port 0 means any free one."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8009
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.data == Path():
            msg = (
                "data must name a folder, got an empty path; if it came from a variable, set that "
                "(for the current folder, give its whole path)"
            )
            raise ValueError(msg)
        if not 0 <= self.port <= 65_535:
            msg = f"port must be between 0 and 65535, got {self.port}"
            raise ValueError(msg)
        if not self.host:
            msg = "host must not be empty; 127.0.0.1 listens on this machine only"
            raise ValueError(msg)
