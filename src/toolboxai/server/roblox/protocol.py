"""What the server and a plugin agree on, in numbers. A plugin learns most of them when it registers."""

from datetime import timedelta

# The plugin's own version, not the server's. An older one is told to be updated (409).
MIN_PLUGIN_VERSION = "1.0.0"

CODE_CHARS = 8
CODE_LIFETIME = timedelta(minutes=10)

# Who asks for messages needs no heartbeat besides; one is enough to keep a session for this long.
IDLE_LIFETIME = timedelta(hours=24)
HEARTBEAT_SECONDS = 30
# Seen is noted no more often than this: a poll should not cost a write.
SEEN_EVERY = timedelta(seconds=20)
# How long one that is over is still listed nowhere but kept, for whoever looks into a complaint.
SESSION_KEPT = timedelta(days=30)
MAX_SESSIONS_PER_USER = 10
# From one address; a code is one of 2^40 and lives for ten minutes.
MAX_REFUSED_CODES_PER_MINUTE = 10

# Studio allows all plugins and the game together 500 requests a minute.
REQUESTS_PER_MINUTE = 90
MAX_WAIT_SECONDS = 15
# After an answer without messages: at once when the server has waited, else as with a slow poll.
RETRY_WAITED_SECONDS = 0
RETRY_UNWAITED_SECONDS = 5

MESSAGE_LIFETIME = timedelta(hours=24)
MAX_WAITING_MESSAGES = 100
# What is done is kept for the teacher to look at, up to this many.
MAX_DONE_MESSAGES = 100
MAX_MESSAGE_CHARS = 192 * 1024
MAX_BATCH_MESSAGES = 20
# A batch ends with the message that reaches this; so with the longest one it stays below 256 KiB.
MAX_BATCH_CHARS = 64 * 1024
MAX_NOTICE_CHARS = 500

MAX_ENTRIES = 100
MAX_LUAU_MESSAGE_CHARS = 1_000
MAX_SCRIPT_CHARS = 200
MAX_STACK_CHARS = 8_000
MAX_FRAMES = 50


def version_of(text: str) -> tuple[int, ...]:
    """Return a version like ``1.12.0`` as it compares."""
    return tuple(int(part) for part in text.split("."))
