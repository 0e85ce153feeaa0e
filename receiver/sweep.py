"""A Sweep: one verification of everything selected. Lists, hands out, tells what came of it.

It folds nothing and prints nothing: each object is told of once, as an event.
"""

from collections.abc import AsyncIterator, Callable, Container, Sequence
from datetime import datetime

import msgspec

from receiver.check.report import Report
from receiver.clock import Clock
from receiver.job.expectation import Expectation
from receiver.selection.listing import Ignored, Unread
from receiver.selection.target import Target

__all__ = ["Event", "Ignored", "Noted", "Selected", "Unread", "Verified", "sweep", "verify_stream"]


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """So many more objects, and stored bytes of them, are to be read."""

    objects: int
    stored_bytes: int


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """One object was judged; `etag` is the content that was read."""

    report: Report
    etag: str


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell of the Sweep as a whole."""

    text: str


Event = Selected | Verified | Unread | Ignored | Noted


async def sweep(
    targets: Sequence[Target],
    *,
    on_event: Callable[[Event], None],
    clock: Clock,
    processes: int | None = None,
    done: Container[tuple[str, str]] = frozenset(),
) -> None:
    """Verify all that the Targets select; one event per object, in the order in which they end."""
    raise NotImplementedError


async def verify_stream(
    chunks: AsyncIterator[bytes], *, expectations: Sequence[Expectation], arrived_at: datetime
) -> Report:
    """Verify one batch that has no name, as from a pipe: nothing is said of its key."""
    raise NotImplementedError
