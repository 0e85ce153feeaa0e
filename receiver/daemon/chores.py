"""What has to be done now and then: seal what was judged, forget what is old."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from receiver.clock import Clock
from receiver.daemon.settings import Settings
from receiver.intake.insistence import Insistence
from receiver.ledger.ledger import Ledger

EVERY_SECONDS: Final = 60.0
"""Between two looks at what there is to do; each costs two statements where there is nothing."""

SEAL_AFTER: Final = timedelta(minutes=5)
"""An hour is sealed so long after its end: daemons' clocks differ, and a verdict that comes later
goes into the next segment, which is right and reads worse."""

PAUSE_SECONDS: Final = 0.2
"""Between two steps of forgetting, for those who want to write to the ledger."""

_log = logging.getLogger(__name__)


class Chores:
    """Done by every daemon that shares a ledger; what one has done, another finds done."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        *,
        ledger: Ledger,
        clock: Clock,
        insistence: Insistence,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._insistence = insistence

    async def run(self) -> None:
        """Do them until cancelled."""
        while True:
            await self.seal()
            await self.prune()
            await self._clock.sleep(EVERY_SECONDS)

    async def seal(self) -> None:
        """Seal the hours that are over."""
        hour = (self._clock.now() - SEAL_AFTER).replace(minute=0, second=0, microsecond=0)
        for segment in await self._insistence.ask(lambda: self._ledger.seal(before=hour)):
            _log.info(
                "sealed %s to %s: %d entries, %s",
                f"{segment.start:%Y-%m-%dT%H:%M:%SZ}",
                f"{segment.end:%Y-%m-%dT%H:%M:%SZ}",
                segment.entries,
                segment.hash,
            )

    async def prune(self) -> None:
        """Forget what is older than the settings keep."""
        settings, now = self._settings(), self._clock.now()
        kept, forgotten = settings.ledger, 0
        while step := await self._insistence.ask(
            lambda: self._ledger.prune(
                reports_before=now - kept.keep_reports,
                entries_before=now - kept.keep_entries,
                entries_max=kept.entries_max,
                early_before=now - settings.keep_open,
            )
        ):
            forgotten += step
            await self._clock.sleep(PAUSE_SECONDS)
        if forgotten:
            _log.info("forgot %d entries and reports that are older than is kept", forgotten)
