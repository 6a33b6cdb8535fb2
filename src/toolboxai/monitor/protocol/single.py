"""The body of the older endpoint: one event, as JSON, or as the first clients packed it."""

from base64 import b64decode
from binascii import Error

from toolboxai.monitor.protocol.inflate import Inflater
from toolboxai.monitor.settings import Limits


def single_event(body: bytes, limits: Limits) -> bytes:
    """Return the event's JSON; what isn't base64 is taken for JSON, whatever it is.

    Clients of the protocol's first versions sent base64 of zlib of the JSON, without a word of either in the headers.
    Raises ``ProtocolError`` when the packing is damaged, or what it holds is too large.
    """
    if b"{" in body[:64]:
        return body
    try:
        packed = b64decode(body.strip(), validate=True)
    except Error:
        return body
    if packed.lstrip()[:1] == b"{":
        return packed
    inflater = Inflater("deflate", limits)
    inflater.feed(packed)
    return inflater.finish()
