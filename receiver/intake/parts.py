"""What all of an intake shares."""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Protocol, TypeAlias

import msgspec

from receiver.clock import Clock
from receiver.intake.insistence import Insistence
from receiver.intake.leases import Leases
from receiver.intake.observer import IntakeObserver
from receiver.intake.retries import Retries
from receiver.intake.room import Room
from receiver.intake.steps import At
from receiver.ledger.ledger import Ledger
from receiver.store.store import Object
from receiver.workers.reading import Answer, Assignment

Doubt: TypeAlias = Callable[[str], Awaitable[None]]
"""A batch of a place fails: see to it that what it is held against is what its job is now."""


async def no_doubt(place: str) -> None:
    """Take the Expectations as they are."""


class Readers(Protocol):
    """Who reads and verifies: a StandingCrew."""

    async def answer(self, place: int, obj: Object) -> Answer:
        """Verify an object of the Assignment of that number; raises WorkerLost."""
        ...

    def dismiss(self) -> None:
        """End it at once."""
        ...


class Hired:
    """Readers, and the places that are theirs.

    Hired for some Expectations; when these change, others are, and these go when they are done.
    """

    def __init__(self, readers: Readers, assignments: Mapping[str, Assignment]) -> None:
        self._readers = readers
        self._assignments = assignments
        self._numbers = {place: number for number, place in enumerate(assignments)}
        self._objects = 0
        self._leaving = False
        self.gone = False

    def assignment(self, place: str) -> Assignment | None:
        """Return what they hold a place's batches against; None where it is not theirs."""
        return self._assignments.get(place)

    async def answer(self, place: str, obj: Object) -> Answer:
        """Have an object verified."""
        self._objects += 1
        try:
            return await self._readers.answer(self._numbers[place], obj)
        finally:
            self._objects -= 1
            self._go_if_done()

    def leave(self) -> None:
        """Go, when what is being read has been."""
        self._leaving = True
        self._go_if_done()

    def dismiss(self) -> None:
        """Go at once."""
        self.gone = True
        self._readers.dismiss()

    def _go_if_done(self) -> None:
        if self._leaving and not self._objects:
            self.dismiss()


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """An intake's parts, as its places use them."""

    ledger: Ledger
    insistence: Insistence
    leases: Leases
    room: Room
    retries: Retries
    observer: IntakeObserver
    clock: Clock
    random: Random
    doubt: Doubt
    at: At
    owner: str
    bytes_max: int
