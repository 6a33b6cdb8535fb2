"""What the SQLite files look like. A migration that was ever released is never changed."""

from toolboxai.monitor.store.folder import Kind
from toolboxai.monitor.store.measured import SCHEMA as MEASURED

Migrations = tuple[tuple[str, ...], ...]

META: Migrations = (
    (
        "CREATE TABLE progress (sequence INTEGER NOT NULL, day TEXT NOT NULL) STRICT",
        "INSERT INTO progress VALUES (0, '1970-01-01')",
        """
        CREATE TABLE project (
            id INTEGER PRIMARY KEY,
            slug TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            public_key TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE issue (
            id INTEGER PRIMARY KEY,
            project_id INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            title TEXT NOT NULL,
            culprit TEXT NOT NULL,
            level TEXT NOT NULL,
            platform TEXT NOT NULL,
            handled INTEGER NOT NULL,
            count INTEGER NOT NULL,
            first_seen INTEGER NOT NULL,
            last_seen INTEGER NOT NULL,
            latest_event_id TEXT NOT NULL,
            status TEXT NOT NULL DEFAULT 'unresolved',
            UNIQUE (project_id, fingerprint)
        ) STRICT
        """,
        "CREATE INDEX issue_by_last_seen ON issue (last_seen, id)",
        "CREATE INDEX issue_of_project ON issue (project_id, last_seen, id)",
        """
        CREATE TABLE total (
            project_id INTEGER NOT NULL,
            category TEXT NOT NULL,
            quantity INTEGER NOT NULL,
            PRIMARY KEY (project_id, category)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE outcome (
            project_id INTEGER NOT NULL,
            hour INTEGER NOT NULL,
            category TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            quantity INTEGER NOT NULL,
            PRIMARY KEY (project_id, hour, category, outcome, reason)
        ) STRICT, WITHOUT ROWID
        """,
        # The rowid says which came first, so that forgetting old ones needs no index on time.
        """
        CREATE TABLE envelope (
            id INTEGER PRIMARY KEY,
            project_id INTEGER NOT NULL,
            envelope_id TEXT NOT NULL,
            seen_at INTEGER NOT NULL,
            UNIQUE (envelope_id, project_id)
        ) STRICT
        """,
        "CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE token (hash BLOB PRIMARY KEY, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    ),
    (
        # By which version of the rules an issue was made, and when (ms).
        "ALTER TABLE issue ADD COLUMN grouping INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE issue ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE issue ADD COLUMN resolved_at INTEGER",
        "ALTER TABLE issue ADD COLUMN resolved_in TEXT",
        "ALTER TABLE issue ADD COLUMN regressed_at INTEGER",
        "CREATE INDEX issue_by_creation ON issue (created_at, project_id)",
        "CREATE INDEX issue_by_grouping ON issue (grouping)",
        # Further fingerprints of an issue: those that newer rules give to its events.
        """
        CREATE TABLE issue_alias (
            project_id INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            issue_id INTEGER NOT NULL,
            PRIMARY KEY (project_id, fingerprint)
        ) STRICT, WITHOUT ROWID
        """,
    ),
    MEASURED,
)

# The part of a batch that this file holds: which other files belong to it, the first row that it
# added here, and (in one of the files) what it changes in meta.db.
_BATCH = """
CREATE TABLE batch (
    sequence INTEGER PRIMARY KEY,
    files TEXT NOT NULL,
    first_id INTEGER NOT NULL,
    delta BLOB NOT NULL
) STRICT
"""

_EVENT = (
    """
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL,
        event_id BLOB NOT NULL,
        issue_id INTEGER NOT NULL,
        trace_id BLOB,
        received_at INTEGER NOT NULL,
        payload BLOB NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX event_by_id ON event (event_id, project_id)",
)

# When it happened, in ms: after an outage the newest arrive first. Of a file from before, the row says.
_HAPPENED = "ALTER TABLE event ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0"

# What the payloads in this file are compressed with. It goes when they go.
_DICTIONARY = "CREATE TABLE dictionary (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"

DAY: dict[Kind, Migrations] = {
    Kind.ERRORS: (
        (_BATCH, *_EVENT, "CREATE INDEX event_of_issue ON event (issue_id)"),
        (
            _HAPPENED,
            "CREATE INDEX event_of_issue_by_time ON event (issue_id, seen_at)",
            "DROP INDEX event_of_issue",
        ),
        (_DICTIONARY,),
    ),
    Kind.TRACES: (
        (_BATCH, *_EVENT, "CREATE INDEX event_of_trace ON event (trace_id)"),
        (_HAPPENED,),
        (_DICTIONARY,),
    ),
    Kind.LOGS: (
        (
            _BATCH,
            """
            CREATE TABLE log (
                id INTEGER PRIMARY KEY,
                project_id INTEGER NOT NULL,
                received_at INTEGER NOT NULL,
                payload BLOB NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE log_of_trace (
                trace_id BLOB NOT NULL,
                log_id INTEGER NOT NULL,
                PRIMARY KEY (trace_id, log_id)
            ) STRICT, WITHOUT ROWID
            """,
        ),
    ),
    Kind.OTHER: (
        (
            _BATCH,
            """
            CREATE TABLE item (
                id INTEGER PRIMARY KEY,
                project_id INTEGER NOT NULL,
                event_id BLOB,
                type TEXT NOT NULL,
                headers TEXT NOT NULL,
                received_at INTEGER NOT NULL,
                payload BLOB NOT NULL
            ) STRICT
            """,
        ),
    ),
}
