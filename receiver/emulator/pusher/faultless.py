"""A fault plan without faults: every batch once, at its window's end, as it was written."""

from collections.abc import Callable
from datetime import datetime

from receiver.emulator.batches import Batch
from receiver.emulator.pusher.delivery import Delivery, Outage, WindowFaults
from receiver.emulator.records import RecordWriter

FaultsFor = Callable[[int, str, str], WindowFaults]
"""What is planned for a job, by its id, its name and its destination's path."""


class Faultless:
    """Changes nothing."""

    def deliveries(
        self, batches: list[Batch], *, writer: RecordWriter, now: datetime
    ) -> list[Delivery]:
        return [
            Delivery(
                key=batch.key,
                body=batch.write().body,
                window=(batch.start, batch.end),
                records=len(batch.lines),
            )
            for batch in batches
        ]

    def outage(self, now: datetime) -> Outage | None:
        return None


def faultless(job_id: int, job_name: str, path: str) -> WindowFaults:
    """Return the plan for any job: none."""
    return Faultless()
