"""A Target -> the objects to read, a page of the listing at a time."""

import re
from collections.abc import AsyncGenerator, Sequence
from datetime import date

import msgspec

from receiver.batch.name import read_name, reason_to_ignore
from receiver.destination.day import DATE
from receiver.destination.destination import Destination
from receiver.errors import StoreError
from receiver.limits import SPAN_DAYS_MAX
from receiver.selection.target import Target
from receiver.store.store import Object, Page, Store


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """An object beside the batches that is none, and why."""

    key: str
    reason: str


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be read, and why: an object, a folder, or a whole place by its Destination."""

    key: str
    error: str


class Picked(msgspec.Struct, frozen=True, kw_only=True):
    """What one page of a listing holds of a Target."""

    objects: tuple[Object, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()


async def pages(store: Store, target: Target) -> AsyncGenerator[Picked]:
    """List a Target, a page at a time, in the order of the keys (of days, where it is dated).

    With a span, a batch is taken if its window begins in it, or if its name has no window.

    Raises:
        StoreError: it cannot be listed.
    """
    for key in target.keys:
        try:
            yield Picked(objects=(await store.find(key),))
        except StoreError as error:
            yield Picked(unread=(Unread(key=key, error=str(error)),))
    if target.keys:
        return
    days = _days(target)
    if days is not None:
        prefixes = list(dict.fromkeys(target.destination.prefix(day) for day in days))
    else:
        prefixes = [target.destination.prefix_literal]
    chooser = _Chooser(target)
    for prefix in prefixes:
        next_ = None
        while True:
            page = await store.list(prefix, next=next_)
            yield chooser.pick(page)
            if (next_ := page.next) is None:
                break
    if days is not None:
        yield Picked(notes=(_note_on_days(target.destination, days),))
    if chooser.left_out:
        yield Picked(notes=(chooser.note(),))


class _Chooser:
    """Chooses a Target's batches from what is listed, and counts what is in no folder of its."""

    def __init__(self, target: Target) -> None:
        self._destination = target.destination
        self._span = target.span
        path = target.destination.path
        self._folder = _pattern(path) if target.destination.dated else None
        self.left_out = 0

    def pick(self, page: Page) -> Picked:
        objects, ignored, unread = [], [], []
        for obj in page.objects:
            reason = reason_to_ignore(obj.key)
            if reason is not None:
                ignored.append(Ignored(key=obj.key, reason=reason))
            elif not self._in_folder(obj.key):
                self.left_out += 1
            elif self._in_span(obj.key):
                objects.append(obj)
        for each in page.unlisted:
            is_folder = each.key.endswith("/")
            if not is_folder and reason_to_ignore(each.key) is not None:
                ignored.append(Ignored(key=each.key, reason=each.error))
            elif self._may_hold(each.key) and self._in_span(each.key):
                unread.append(Unread(key=each.key, error=each.error))
        return Picked(objects=tuple(objects), ignored=tuple(ignored), unread=tuple(unread))

    def note(self) -> str:
        one = self.left_out == 1
        others = "1 other batch lies" if one else f"{self.left_out:,} other batches lie"
        return (
            f"{self._destination}: {others} below it in no folder that {DATE} can stand for;"
            f" {'it was' if one else 'they were'} left out"
        )

    def _in_folder(self, key: str) -> bool:
        """Where {DATE} stands there may be anything: a batch strayed is one to judge.

        But what lies deeper in a folder that is no day is another job's.
        """
        if self._folder is None or self._destination.day_of(key) is not None:
            return True
        match = self._folder.match(key)
        return match is not None and "/" not in key[match.end() :]

    def _may_hold(self, key: str) -> bool:
        """Tell whether what cannot be looked into may be a batch of ours, or a folder of any.

        Such a folder lies in one of ours, or they lie in it.
        """
        parts, depth = self._destination.path.split("/"), key.count("/")
        above = "".join(f"{part}/" for part in parts[:depth])
        return self._in_folder(key) or (
            key.endswith("/") and _pattern(above).fullmatch(key) is not None
        )

    def _in_span(self, key: str) -> bool:
        name = read_name(key) if self._span is not None else None
        return self._span is None or name is None or self._span.holds(name.start)


def _pattern(path: str) -> re.Pattern[str]:
    """Return what matches a path, whatever stands where it has {DATE}."""
    return re.compile(re.escape(path).replace(re.escape(DATE), "[^/]*"))


def _days(target: Target) -> list[date] | None:
    """The days whose folders are listed one by one; None where all of it is listed."""
    if target.span is None or not target.destination.dated:
        return None
    days = target.span.days()
    return days if days is not None and len(days) <= SPAN_DAYS_MAX else None


def _note_on_days(destination: Destination, days: Sequence[date]) -> str:
    return (
        f"{destination}: only the folders of {days[0]:%Y%m%d} to {days[-1]:%Y%m%d} were looked for;"
        " batches that strayed into another folder are found without --from"
    )
