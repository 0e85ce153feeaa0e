"""What refusals have in common: which right a call needs, and which of several tells most."""

from collections.abc import Sequence
from typing import Final, Literal

from receiver.errors import Reason, StoreDenied

Need = Literal["list", "read", "write"]

DENIED: Final[dict[Need, Reason]] = {
    "list": Reason.LIST_DENIED,
    "read": Reason.READ_DENIED,
    "write": Reason.WRITE_DENIED,
}

_WHOEVER_ASKS: Final = frozenset({Reason.CLOCK_SKEW, Reason.REGION_WRONG, Reason.OBJECT_ARCHIVED})
"""Refusals that other credentials would meet as well: they are mended first."""


def most_telling(denials: Sequence[StoreDenied]) -> StoreDenied:
    """Return the denial whose remedy helps most; of equal ones the first.

    What holds whoever asks; then credentials that have expired, for somebody meant them to be
    used; then the rest in the order tried, the conf's own first. That there are none comes last.
    """

    def rank(denial: StoreDenied) -> int:
        if denial.reason in _WHOEVER_ASKS:
            return 0
        if denial.reason is Reason.KEYS_EXPIRED:
            return 1
        return 3 if denial.reason is Reason.KEYS_MISSING else 2

    return min(denials, key=rank)
