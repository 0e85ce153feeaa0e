"""The claims that we hold: renewed by one task, until they are given up or lost."""

from datetime import timedelta
from typing import Final

from receiver.clock import Clock
from receiver.errors import LedgerUnavailable
from receiver.intake.insistence import Insistence
from receiver.intake.steps import At, Step
from receiver.ledger.ledger import Claim, Ledger
from receiver.limits import CLAIM_RENEW_SECONDS, CLAIM_SECONDS

_CLAIM: Final = timedelta(seconds=CLAIM_SECONDS)


class Leases:
    """A book of claims. What is in it is ours, as far as we know."""

    def __init__(self, ledger: Ledger, *, insistence: Insistence, clock: Clock, at: At) -> None:
        self._ledger = ledger
        self._insistence = insistence
        self._clock = clock
        self._at = at
        self._book: dict[tuple[int, int], Claim] = {}

    async def claim(
        self, place: str, *, owner: str, entries_max: int, bytes_max: int
    ) -> list[Claim]:
        """Claim what waits in a place, and hold it."""

        async def claim() -> list[Claim]:
            now = self._clock.now()
            return await self._ledger.claim(
                place,
                owner=owner,
                now=now,
                until=now + _CLAIM,
                entries_max=entries_max,
                bytes_max=bytes_max,
            )

        claims = await self._insistence.ask(claim)
        for each in claims:
            self._book[_number(each)] = each
        return claims

    def let_go(self, claim: Claim) -> None:
        """Hold a claim no longer: it was given up, or is to expire."""
        self._book.pop(_number(claim), None)

    @property
    def held(self) -> list[Claim]:
        return list(self._book.values())

    async def run(self) -> None:
        """Hold the claims longer, again and again. One that is lost is held no longer.

        Whoever reads its object learns of it when the ledger takes no verdict.
        """
        wait_seconds = CLAIM_RENEW_SECONDS
        while True:
            await self._clock.sleep(wait_seconds)
            wait_seconds = CLAIM_RENEW_SECONDS
            try:
                await self._renew()
            except LedgerUnavailable as error:
                self._insistence.failed(error)
                wait_seconds = CLAIM_RENEW_SECONDS / 4

    async def _renew(self) -> None:
        held = self.held
        if not held:
            return
        ours = await self._ledger.extend(held, until=self._clock.now() + _CLAIM)
        self._at(Step.RENEWED)
        still = {_number(each) for each in ours}
        for each in held:
            if _number(each) not in still:
                self.let_go(each)


def _number(claim: Claim) -> tuple[int, int]:
    """What tells a claim from a later one of the same Entry."""
    return claim.entry.id, claim.number
