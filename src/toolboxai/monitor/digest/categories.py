"""The closed sets of names that items are counted by: what clients invent is counted together."""

# What is parsed, and the name it is counted by.
CATEGORY = {"event": "error", "transaction": "transaction", "log": "log"}
# Kept as received under its own name; any other type is counted as "unknown".
KNOWN_TYPES = frozenset(
    {
        "attachment",
        "check_in",
        "client_report",
        "feedback",
        "form_data",
        "metric_buckets",
        "nel",
        "profile",
        "profile_chunk",
        "raw_security",
        "replay_event",
        "replay_recording",
        "replay_video",
        "security",
        "session",
        "sessions",
        "span",
        "statsd",
        "trace_metric",
        "unreal_report",
        "user_report",
    }
)
CONTAINERS = frozenset({"log", "span", "trace_metric"})
# Kept as received, but counted by how many they say they hold.
COUNTED = frozenset({"sessions", "span", "trace_metric"})
# Reasons and categories come from clients; a closed set keeps the table of outcomes small.
CLIENT_REASONS = frozenset(
    {
        "backpressure",
        "before_send",
        "buffer_overflow",
        "cache_overflow",
        "callback_error",
        "event_processor",
        "ignored",
        "insufficient_data",
        "internal_sdk_error",
        "invalid",
        "network_error",
        "queue_overflow",
        "ratelimit_backoff",
        "sample_rate",
        "send_error",
        # Those of toolboxai.telemetry.
        "attachment_too_large",
        "attachment_unsupported",
        "cache_expired",
        "gate_recording",
        "gate_unknown_type",
        "spool_damaged",
        "spool_unwritable",
        "storm",
    }
)
CLIENT_CATEGORIES = frozenset(
    {"error", "transaction", "span", "log_item", "log_byte", "session", "attachment", "profile"}
    | {"profile_chunk", "replay", "monitor", "feedback", "trace_metric", "internal", "default"}
    | {"security"}
)
