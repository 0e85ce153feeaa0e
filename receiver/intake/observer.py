"""What an intake tells of itself, for metrics and the status page."""

from typing import Protocol

from receiver.errors import Reason
from receiver.ledger.ledger import Entry, Judgement


class IntakeObserver(Protocol):
    """Told in the event loop, at once: what takes long is for somebody else to do."""

    def judged(self, entry: Entry, judgement: Judgement, *, read_seconds: float) -> None:
        """A verdict was recorded."""
        ...

    def put_back(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        """An object could not be read and will be tried again; without an error, it was let go."""
        ...

    def parked(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        """An object could not be read and will not be tried again by itself."""
        ...

    def lost(self, entry: Entry) -> None:
        """Somebody else has judged, or judges, what was claimed: it took longer than the claim."""
        ...

    def in_flight(self, place: str, *, objects: int, cost_bytes: int) -> None:
        """So many objects of a place are being read now, and may take so much memory."""
        ...

    def place_error(self, place: str, error: str) -> None:
        """A place cannot be read from, or "": it can be again."""
        ...


class Unobserved:
    """An observer that looks away."""

    def judged(self, entry: Entry, judgement: Judgement, *, read_seconds: float) -> None:
        pass

    def put_back(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        pass

    def parked(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        pass

    def lost(self, entry: Entry) -> None:
        pass

    def in_flight(self, place: str, *, objects: int, cost_bytes: int) -> None:
        pass

    def place_error(self, place: str, error: str) -> None:
        pass
