"""The key of an object: its name, its window and its {DATE} folder against each other."""

from collections.abc import Iterator
from datetime import timedelta

from receiver.batch.name import SUFFIX, BatchName
from receiver.check.codes import Code
from receiver.check.explain import Departure
from receiver.destination.day import day_of_copy, unsubstituted
from receiver.destination.destination import Destination


def key_departures(
    key: str, name: BatchName | None, destination: Destination | None
) -> Iterator[Departure]:
    """Yield what is wrong with an object's key.

    The day is where the destination has {DATE}; of a copy without a conf, the nearest folder that
    is a date. A window touches two days where it ends on another day than it begins.
    """
    token = unsubstituted(key)
    if token is not None:
        yield Departure(Code.DATE_UNSUBSTITUTED, "", "a day", token, key)
    if name is None:
        form = f"<start>_<end>_<id>{SUFFIX}"
        yield Departure(Code.KEY_NAME, "", form, "another form", key.rpartition("/")[2])
        return
    if name.end is not None and name.end < name.start:
        yield Departure(Code.KEY_WINDOW, "", "an end after the start", "an end before it", key)
        return
    if destination is not None:
        day = destination.day_of(key) if destination.dated else None
    else:
        day = day_of_copy(key)
    days = {name.start.date()} | ({name.end.date()} if name.end is not None else set())
    if name.end is None:  # the form with one time does not tell when the window ended
        days.add((name.start + timedelta(days=1)).date())
    if day is not None and day not in days:
        expected = " or ".join(f"{each:%Y%m%d}" for each in sorted(days))
        yield Departure(Code.KEY_DAY, "", expected, f"{day:%Y%m%d}", key)
