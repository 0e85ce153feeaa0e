"""The steps between which a process may end, whatever it is doing; tests end it there."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias


class Step(StrEnum):
    """What has just been done, and is not known to anybody else yet, or only to the ledger.

    What an end costs: after LISTED and CLAIMED nothing (it is listed again; a claim expires), after
    READ the reading, after SEEN, RECORDED and PUT_BACK nothing: that was one transaction. After
    any of the watcher's steps a position is at most older than it could be.
    """

    LISTED = "listed"
    SEEN = "seen"
    POSITIONED = "positioned"
    CLAIMED = "claimed"
    RENEWED = "renewed"
    READ = "read"
    RECORDED = "recorded"
    PUT_BACK = "put-back"


At: TypeAlias = Callable[[Step], None]


def go_on(step: Step) -> None:
    """Do nothing: the life outside of tests."""
