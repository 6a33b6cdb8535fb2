"""All writes. A batch lies whole in its day files and in meta.db, or not at all."""

from toolboxai.monitor.store.copies import CopyError, Snapshot, put_back
from toolboxai.monitor.store.folder import (
    DataFolder,
    FolderInUseError,
    FolderLock,
    Kind,
    StoreError,
    WriteFailedError,
)
from toolboxai.monitor.store.records import (
    Dictionary,
    Digested,
    EventRecord,
    Fate,
    IssueFacts,
    ItemRecord,
    LogRecord,
    TransactionFacts,
)
from toolboxai.monitor.store.writer import Store, now_ms

__all__ = [
    "CopyError",
    "DataFolder",
    "Dictionary",
    "Digested",
    "EventRecord",
    "Fate",
    "FolderInUseError",
    "FolderLock",
    "IssueFacts",
    "ItemRecord",
    "Kind",
    "LogRecord",
    "Snapshot",
    "Store",
    "StoreError",
    "TransactionFacts",
    "WriteFailedError",
    "now_ms",
    "put_back",
]
