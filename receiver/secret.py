"""A value that must not be shown: it prints as what it is for, never as what it is."""

from typing import Final

REDACTED: Final = "[redacted]"


class Secret:
    """A string that only `reveal` gives back; str, repr and format say "[redacted]".

    Equal secrets are equal and hash alike, so that a value that holds one can be compared.
    It pickles (a worker process needs it) but is no JSON value: writing one out is an error.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself; only for the hand that gives it to a driver."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)
