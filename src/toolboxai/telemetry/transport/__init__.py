"""From a captured item to the sink: queue → keeper (gate, spool) → sender. Nothing here blocks a request."""

from toolboxai.telemetry.transport.courier import Delivery
from toolboxai.telemetry.transport.transport import Door, SpoolingTransport

__all__ = ["Delivery", "Door", "SpoolingTransport"]
