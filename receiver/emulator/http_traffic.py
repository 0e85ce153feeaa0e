"""`http_requests`: a visitor asks, the site answers, and the edge adds what is new each time."""

import random
from collections import deque
from collections.abc import Callable, Collection
from functools import cache
from operator import itemgetter
from typing import Final

from receiver.emulator.answers import make_answers
from receiver.emulator.chance import seeded
from receiver.emulator.timestamps import NANOS_PER_MS, WriteTimestamp
from receiver.emulator.visitors import Fields, make_visitors

_VISITORS: Final = 1500
_ANSWERS: Final = 1200  # per kind of visitor
_NO_PARENT: Final = "00"
_PROMPT: Final = 0.5  # share of records that are rather one already made: families lie mixed
_NOT_NESTED: Final = frozenset({"ParentRayID", "Subrequests"})  # as the documented example has it


class HttpTraffic:
    """Requests to one zone. Popular visitors and pages come from pools made beforehand: speed.

    Where a Worker answers, its own requests are there too, before their parent as they end before
    it; `merged`, they stand inside of it.
    """

    def __init__(
        self, *, fields: Collection[str], write_timestamp: WriteTimestamp, rng: random.Random,
        merged: bool = False,
    ) -> None:  # fmt: skip
        asked = frozenset(fields)
        self._random = rng.random
        self._bits = rng.getrandbits
        self._write = write_timestamp
        self._merged = merged
        self._site = _site()
        visitor, answer = self._site.visitors[0][1], self._site.answers["human"][0].fields
        moment = self._moment(0, 0, 0, 0)
        self._copy_visitor = _copier(asked & visitor.keys())
        self._copy_answer = _copier(asked & answer.keys())
        self._copy_moment = _copier(asked & moment.keys())
        self._nested = tuple(name for name in fields if name not in _NOT_NESTED)
        self._made: deque[Fields] = deque()  # the rest of families, to be written soon
        self._left: int | None = None  # records to come; None: no end in sight
        self.covered = frozenset(visitor | answer | moment)

    def restart(self, records: int | None) -> None:
        """Forget families begun; those of the next `records` are whole among them."""
        self._made.clear()
        self._left = records

    def fill(self, record: Fields, logged_at: int) -> None:
        """Set in `record` what this traffic knows; the request ended by `logged_at` (ns)."""
        random = self._random
        if self._left is not None:
            self._left -= 1
        if self._made and (random() < _PROMPT or not self._has_room(0)):
            record.update(self._made.popleft())
            return
        site = self._site
        kind, visitor = site.visitors[int(random() ** 2 * _VISITORS)]  # a few visit far more often
        answer = site.answers[kind][int(random() * _ANSWERS)]
        if not self._merged and not self._has_room(answer.subrequests):
            answer = self._pick(site.single[kind])
        if answer.subrequests:
            self._family(record, kind, visitor, answer, logged_at)
            return
        duration = answer.origin_ms + int(random() * 12) + 1
        self._set(record, visitor, answer, self._moment(logged_at, duration, 0, answer.body_bytes))

    def _has_room(self, more: int) -> bool:
        """Say whether `more` records after this one, and all made ones, are still to come."""
        return self._left is None or len(self._made) + more <= self._left

    def _family(
        self, record: Fields, kind: str, visitor: Fields, answer: "_Answer", ended_at: int
    ) -> None:
        """Make a Worker's request and what it asked for in turn; `record` is the first to end."""
        ray = f"{self._bits(64):016x}"
        asked = [self._pick(self._site.single[kind]) for _ in range(answer.subrequests)]
        spent = [each.origin_ms + int(self._random() * 12) + 1 for each in asked]
        moment = self._moment(ended_at, sum(spent) + 5, 0, answer.body_bytes)
        moment["RayID"] = ray
        children: list[Fields] = []
        for number, each in enumerate(asked):
            before = sum(spent[number + 1 :]) + 2  # milliseconds from its end to the parent's
            own = self._moment(ended_at, spent[number], before, each.body_bytes, tail_ms=2)
            own |= {
                "ParentRayID": ray,
                "WorkerSubrequest": True,
                "ClientRequestSource": "edgeWorkerFetch",
            }
            child: Fields = {}
            self._set(child, visitor, each, own)
            children.append(child)
        parent: Fields = {}
        self._set(parent, visitor, answer, moment)
        if self._merged:
            parent["Subrequests"] = [
                {name: child[name] for name in self._nested if name in child} for child in children
            ]
            record.update(parent)
            return
        first, *others = [*children, parent]
        self._made.extend(others)
        record.update(first)

    def _set(self, record: Fields, visitor: Fields, answer: "_Answer", moment: Fields) -> None:
        self._copy_visitor(record, visitor)
        self._copy_answer(record, answer.fields)
        self._copy_moment(record, moment)

    def _pick(self, answers: "list[_Answer]") -> "_Answer":
        return answers[int(self._random() * len(answers))]

    def _moment(
        self, logged_at: int, first_byte_ms: int, before_ms: int, body_bytes: int, *,
        tail_ms: int = 40,
    ) -> Fields:  # fmt: skip
        """What no two requests share. Event times are of whole milliseconds, as real ones are."""
        random = self._random
        end = logged_at - logged_at % NANOS_PER_MS - before_ms * NANOS_PER_MS
        begin = end - (first_byte_ms + int(random() * tail_ms)) * NANOS_PER_MS
        return {
            "RayID": f"{self._bits(64):016x}",
            "ParentRayID": _NO_PARENT,
            "WorkerSubrequest": False,
            "ClientRequestSource": "eyeball",
            "EdgeStartTimestamp": self._write(begin),
            "EdgeEndTimestamp": self._write(end),
            "EdgeTimeToFirstByteMs": first_byte_ms,
            "EdgeResponseBytes": body_bytes + 500 + int(random() * 300),
            "ClientSrcPort": 1024 + int(random() * 64_512),
            "ClientRequestBytes": 400 + int(random() * 2_400),
        }


class _Answer:
    """An answer, and what other fields depend on."""

    __slots__ = ("body_bytes", "fields", "origin_ms", "subrequests")

    def __init__(self, fields: Fields) -> None:
        self.origin_ms: int = fields["OriginResponseDurationMs"]
        self.subrequests: int = fields["WorkerSubrequestCount"]
        self.body_bytes: int = fields["EdgeResponseBodyBytes"]
        self.fields = fields


class _Site:
    """Who comes and what is answered, with every field; all jobs share it."""

    def __init__(self, rng: random.Random) -> None:
        self.visitors = make_visitors(rng, _VISITORS)
        made = make_answers(rng, _ANSWERS)
        self.answers = {kind: [_Answer(fields) for fields in made[kind]] for kind in made}
        self.single = {
            kind: [each for each in self.answers[kind] if not each.subrequests] for kind in made
        }


@cache  # the site and its visitors are the same for every seed: a seed decides who asks, and when
def _site() -> _Site:
    return _Site(seeded("site"))


def _copier(names: Collection[str]) -> Callable[[Fields, Fields], None]:
    """Return what sets these fields of a record from a source that has them all, and more."""
    in_order = sorted(names)
    if len(in_order) > 1:
        get = itemgetter(*in_order)
        return lambda record, source: record.update(zip(in_order, get(source), strict=True))
    return lambda record, source: record.update((name, source[name]) for name in in_order)
