"""Calls of the ledger, made until they are answered: without it nothing can go on."""

import logging
from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeVar

from receiver.clock import Clock
from receiver.errors import LedgerUnavailable
from receiver.intake.backoff import backoff_seconds
from receiver.limits import LEDGER_RETRY_SECONDS, LEDGER_RETRY_SECONDS_MAX

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


class Insistence:
    """Shared by all who call one ledger, so that it is told once that it does not answer."""

    def __init__(self, *, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self.error = ""
        """Why the ledger is unavailable now; "" while it answers."""

    async def ask(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make a call, and make it again for as long as the ledger is unavailable.

        Every call of a ledger may be made again as it was and is done once. What the time is has
        to be asked in the call where it must be the time then, and before it where it must not.

        Raises:
            LedgerInvalid: no waiting helps.
        """
        failures = 0
        while True:
            try:
                answer = await call()
            except LedgerUnavailable as error:
                self.failed(error)
            else:
                self.answered()
                return answer
            failures += 1
            await self._clock.sleep(
                backoff_seconds(
                    failures,
                    first=LEDGER_RETRY_SECONDS,
                    longest=LEDGER_RETRY_SECONDS_MAX,
                    random=self._random,
                )
            )

    def failed(self, error: LedgerUnavailable) -> None:
        """Note that a call failed."""
        if not self.error:
            _log.warning("%s; nothing is lost, waiting for it", error)
        self.error = str(error)

    def answered(self) -> None:
        """Note that a call was answered."""
        if self.error:
            _log.warning("the ledger answers again")
        self.error = ""
