"""A Target -> the objects to read, a page of the listing at a time."""

import re
from collections.abc import AsyncGenerator, Sequence
from datetime import date
from typing import Final

import msgspec

from receiver.batch.name import read_name, reason_to_ignore
from receiver.destination.day import DATE
from receiver.destination.destination import Destination
from receiver.errors import StoreError
from receiver.limits import SPAN_DAYS_MAX
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.store import Object, Page, Store

_AFTER_TIMES: Final = "3"  # every time that a name can begin with, to the year 2999, sorts before


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """An object beside the batches that is none, and why."""

    key: str
    reason: str


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """An object that could not be read, and why: it is not judged."""

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
        yield Picked(notes=(_note_on_days(target.destination, days),))
        prefixes = list(dict.fromkeys(target.destination.prefix(day) for day in days))
    else:
        prefixes = [target.destination.prefix_literal]
    chooser = _Chooser(target)
    for prefix in prefixes:
        async for page in _listed(store, prefix, target.span):
            yield chooser.pick(page)
    if chooser.left_out:
        yield Picked(notes=(chooser.note(),))


class _Chooser:
    """Chooses a Target's batches from what is listed, and counts what is in no folder of its."""

    def __init__(self, target: Target) -> None:
        self._destination = target.destination
        self._span = target.span
        pattern = re.escape(target.destination.path).replace(re.escape(DATE), "[^/]*")
        self._folder = re.compile(pattern) if target.destination.dated else None
        self.left_out = 0

    def pick(self, page: Page) -> Picked:
        objects, ignored = [], []
        for obj in page.objects:
            reason = reason_to_ignore(obj.key)
            if reason is not None:
                ignored.append(Ignored(key=obj.key, reason=reason))
            elif not self._in_folder(obj.key):
                self.left_out += 1
            elif self._in_span(obj.key):
                objects.append(obj)
        return Picked(objects=tuple(objects), ignored=tuple(ignored))

    def note(self) -> str:
        return (
            f"{self._destination}: {self.left_out:,} other batches lie below it in no folder that"
            f" {DATE} can stand for; they were left out"
        )

    def _in_folder(self, key: str) -> bool:
        """Where {DATE} stands there may be anything: a batch strayed is one to judge.

        But what lies deeper in a folder that is no day is another job's.
        """
        if self._folder is None or self._destination.day_of(key) is not None:
            return True
        match = self._folder.match(key)
        return match is not None and "/" not in key[match.end() :]

    def _in_span(self, key: str) -> bool:
        name = read_name(key) if self._span is not None else None
        return self._span is None or name is None or self._span.holds(name.start)


async def _listed(store: Store, prefix: str, span: Span | None) -> AsyncGenerator[Page]:
    """List a folder; where its names are times, leave out what comes before and after the span."""
    after, next_ = "", None
    while True:
        page = await store.list(prefix, after=after, next=next_)
        yield page
        if page.next is None:
            return
        later = None
        if span is not None and page.objects and not store.properties.after_walks:
            later = _leap(prefix, page.objects[-1].key, span)
        after, next_ = (later, None) if later is not None else ("", page.next)


def _leap(prefix: str, last: str, span: Span) -> str | None:
    """Return the key after which it is worth going on, if that is not simply the next one."""
    name = last[len(prefix) :]
    batch = read_name(name) if "/" not in name else None
    if batch is None:
        return None
    if batch.start >= span.end:
        later = prefix + _AFTER_TIMES
    elif span.start is not None:
        later = f"{prefix}{span.start:%Y%m%dT%H%M%S}"
    else:
        return None
    return later if later > last else None


def _days(target: Target) -> list[date] | None:
    """The days whose folders are listed one by one; None where all of it is listed."""
    if target.span is None or not target.destination.dated:
        return None
    days = target.span.days()
    return days if days is not None and len(days) <= SPAN_DAYS_MAX else None


def _note_on_days(destination: Destination, days: Sequence[date]) -> str:
    return (
        f"{destination}: the folders of {days[0]:%Y%m%d} to {days[-1]:%Y%m%d} were looked into;"
        " batches that strayed into another folder are found without --from"
    )
