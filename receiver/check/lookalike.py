"""Records of another data set: known by their keys alone, and said only where it is plain."""

from collections.abc import Collection, Mapping

from receiver.job.expectation import Expectation

KEYS_MIN = 2  # a single key that two data sets share says nothing


class LookAlike:
    """Compares a record's keys with the fields of every data set.

    A record is of another data set if all its keys are fields of that one, not all of them of its
    own, and half the fields that its own job asks for, or more, are not there. One key that no
    document knows is enough to say nothing.
    """

    def __init__(self, expectation: Expectation, fields: Mapping[str, Collection[str]]) -> None:
        self._own = expectation.types.keys() | (expectation.fields or {}).keys()
        self._asked = (expectation.fields or expectation.types).keys()
        self._fields_known = expectation.fields is not None
        self._others = {
            name: frozenset(known) for name, known in fields.items() if name != expectation.dataset
        }

    def other(self, keys: Collection[str]) -> str:
        """Name the data sets that the keys belong to, at most three; "" if it is not plain."""
        names = frozenset(keys)
        if len(names) < KEYS_MIN or names <= self._own:
            return ""
        if self._fields_known and 2 * len(names & self._asked) > len(self._asked):
            return ""
        return " or ".join(
            sorted(name for name, known in self._others.items() if names <= known)[:3]
        )
