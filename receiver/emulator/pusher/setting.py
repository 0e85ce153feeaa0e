"""What every job of one pusher shares."""

import asyncio
from typing import Final

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.emulator.cloud import State
from receiver.emulator.own_file import OwnFile
from receiver.emulator.pusher.faultless import FaultsFor, faultless
from receiver.emulator.pusher.manifest import Manifest
from receiver.emulator.pusher.traffic import RATE_DEFAULT, JobTraffic
from receiver.emulator.pusher.upload import OpenUploader
from receiver.job.job import Job

LOOK_SECONDS: Final = 1.0
"""A change of a job is seen within so long, of real time."""


class Setting:
    """The parts of a pusher.

    Args:
        faults: what is planned for each job; `manifest`: where it is noted what became of it.
        rate: each job's records a minute at the busiest hour.
        source: the user's own records, NDJSON, instead of those of an emulated site.
        look_seconds: LOOK_SECONDS in the clock's own seconds.
    """

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        open_uploader: OpenUploader,
        faults: FaultsFor = faultless,
        manifest: Manifest | None = None,
        rate: int = RATE_DEFAULT,
        seed: int = 0,
        source: OwnFile | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.state = state
        self.clock = clock
        self.open_uploader = open_uploader
        self.faults = faults
        self.manifest = manifest or Manifest()
        self.look_seconds = look_seconds
        self.writing = asyncio.Lock()  # one window at a time: that bounds memory, and costs nothing
        self._rate = rate
        self._seed = seed
        self._source = source

    def traffic(self, job: Job, destination: Destination) -> JobTraffic:
        """Return what a job sees.

        Raises:
            ConfigError: it is none that we can write records for.
        """
        return JobTraffic(job, destination, rate=self._rate, seed=self._seed, source=self._source)
