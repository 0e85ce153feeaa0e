"""What is to be uploaded of one window of one job, when, and what is wrong with it on purpose."""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from receiver.emulator.batches import Batch, PlantedFault
from receiver.emulator.records import RecordWriter


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One upload of a batch."""

    kind: str = ""  # the plan's word for what was done to it; "" where nothing was
    key: str
    body: bytes
    window: tuple[datetime, datetime]
    records: int
    after: timedelta = timedelta()  # so long after the window's end it is uploaded
    planted: tuple[PlantedFault, ...] = ()


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Uploads fail at a moment, on purpose."""

    why: str  # what the job's error_message says
    halts: bool = False  # an upload is begun and comes to a halt; else it is refused


class WindowFaults(Protocol):
    """What a fault plan does to one job; a plan without faults changes nothing."""

    def deliveries(
        self, batches: list[Batch], *, writer: RecordWriter, now: datetime
    ) -> list[Delivery]:
        """Return the uploads for the batches of one window: fewer, later, spoiled or more."""
        ...

    def outage(self, now: datetime) -> Outage | None:
        """Return why uploads fail at this moment (permission lost, stalled), or None."""
        ...
