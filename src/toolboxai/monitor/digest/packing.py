"""Payloads made small: by themselves first, then with a dictionary learnt from those before.

The errors of one application say mostly the same. With what 64 of them have in common known, the
next takes a quarter of the room.
"""

from collections.abc import Mapping

import zstandard

from toolboxai.monitor.store import Dictionary, Kind

ZSTD_LEVEL = 3
DICTIONARY_BYTES = 64 * 1024
# Short messages alone would teach nothing of the errors that come later.
MIN_SAMPLES, MIN_SAMPLES_BYTES = 64, 256 * 1024
MAX_SAMPLES_BYTES = 4 * 1024 * 1024
# A segment this long with all places of 8 bytes: training takes some 40 ms, once.
SEGMENT_BYTES, PLACE_BYTES = 200, 8


class Packer:
    """Packs the payloads of one kind after the other. For one thread: its compressor isn't shared."""

    def __init__(self, dictionary: Dictionary | None = None) -> None:
        self.dictionary = dictionary
        self._samples: list[bytes] = []
        self._compress = _compressor(dictionary).compress

    def pack(self, body: bytes) -> bytes:
        """Return ``body`` as zstd."""
        if self.dictionary is None:
            self._samples.append(body)
        return self._compress(body)

    def learn(self) -> None:
        """Make a dictionary when enough was seen. Not between packing a batch and storing it."""
        if not self._samples:
            return
        size = sum(map(len, self._samples))
        is_telling = len(self._samples) >= MIN_SAMPLES and size >= MIN_SAMPLES_BYTES
        if not is_telling and size < MAX_SAMPLES_BYTES:
            return
        self.dictionary = _trained(self._samples)
        self._samples.clear()
        self._compress = _compressor(self.dictionary).compress


def packers(known: Mapping[Kind, Dictionary]) -> dict[Kind, Packer]:
    """Return what packs each kind of event."""
    return {kind: Packer(known.get(kind)) for kind in (Kind.ERRORS, Kind.TRACES)}


def _trained(samples: list[bytes]) -> Dictionary | None:
    try:
        trained = zstandard.train_dictionary(
            DICTIONARY_BYTES, [*samples], k=SEGMENT_BYTES, d=PLACE_BYTES, level=ZSTD_LEVEL
        )
    except zstandard.ZstdError:
        # They have too little in common, or are too short; others may do.
        return None
    return Dictionary(trained.dict_id(), trained.as_bytes())


def _compressor(dictionary: Dictionary | None) -> zstandard.ZstdCompressor:
    if dictionary is None:
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    known = zstandard.ZstdCompressionDict(dictionary.body)
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, dict_data=known)
