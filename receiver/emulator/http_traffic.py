"""`http_requests`: a visitor asks, the site answers, and the edge adds what is new each time."""

import random
from collections import deque
from collections.abc import Collection
from functools import cache
from typing import Final

from receiver.emulator.answers import make_answers
from receiver.emulator.chance import seeded
from receiver.emulator.timestamps import NANOS_PER_MS, WriteTimestamp
from receiver.emulator.visitors import Fields, make_visitors

_VISITORS: Final = 1500
_ANSWERS: Final = 1200  # per kind of visitor
_SUBREQUEST_SHARE: Final = 0.06
_NO_PARENT: Final = "00"


class HttpTraffic:
    """Requests to one zone. Popular visitors and pages come from pools made beforehand: speed."""

    def __init__(
        self, *, fields: Collection[str], write_timestamp: WriteTimestamp, rng: random.Random
    ) -> None:
        asked = frozenset(fields)
        self._random = rng.random
        self._bits = rng.getrandbits
        self._write = write_timestamp
        visitors, answers = _site()
        self._visitors = [(kind, _only(visitor, asked)) for kind, visitor in visitors]
        self._answers = {kind: [_Answer(each, asked) for each in answers[kind]] for kind in answers}
        self._recent_rays: deque[str] = deque(["0" * 16], maxlen=64)
        moment = self._moment(0, 0, 0)
        self._moment_fields = tuple(name for name in moment if name in asked)
        self.covered = frozenset(visitors[0][1] | answers["human"][0] | moment)

    def fill(self, record: Fields, logged_at: int) -> None:
        """Set in `record` what this traffic knows; the request ended at `logged_at` (ns)."""
        random = self._random
        kind, visitor = self._visitors[int(random() ** 2 * _VISITORS)]  # a few visit far more often
        answer = self._answers[kind][int(random() * _ANSWERS)]
        moment = self._moment(logged_at, answer.origin_ms, answer.body_bytes)
        record.update(visitor)
        record.update(answer.fields)
        for name in self._moment_fields:
            record[name] = moment[name]

    def _moment(self, ended_at: int, origin_ms: int, body_bytes: int) -> Fields:
        """What no two requests share. Event times are of whole milliseconds, as real ones are."""
        random = self._random
        ray = f"{self._bits(64):016x}"
        first_byte_ms = origin_ms + int(random() * 12) + 1
        end = ended_at - ended_at % NANOS_PER_MS
        begin = end - (first_byte_ms + int(random() * 40)) * NANOS_PER_MS
        subrequest = random() < _SUBREQUEST_SHARE
        parent = self._recent_rays[0] if subrequest else _NO_PARENT
        if not subrequest:
            self._recent_rays.append(ray)
        return {
            "RayID": ray,
            "ParentRayID": parent,
            "WorkerSubrequest": subrequest,
            "EdgeStartTimestamp": self._write(begin),
            "EdgeEndTimestamp": self._write(end),
            "EdgeTimeToFirstByteMs": first_byte_ms,
            "EdgeResponseBytes": body_bytes + 500 + int(random() * 300),
            "ClientSrcPort": 1024 + int(random() * 64_512),
            "ClientRequestBytes": 400 + int(random() * 2_400),
        }


@cache  # the site and its visitors are the same for every seed: a seed decides who asks, and when
def _site() -> tuple[list[tuple[str, Fields]], dict[str, list[Fields]]]:
    rng = seeded("site")
    return make_visitors(rng, _VISITORS), make_answers(rng, _ANSWERS)


class _Answer:
    """An answer cut down to the asked fields, and what other fields depend on."""

    __slots__ = ("body_bytes", "fields", "origin_ms")

    def __init__(self, answer: Fields, asked: frozenset[str]) -> None:
        self.origin_ms: int = answer["OriginResponseDurationMs"]
        self.body_bytes: int = answer["EdgeResponseBodyBytes"]
        self.fields = _only(answer, asked)


def _only(fields: Fields, asked: frozenset[str]) -> Fields:
    return {name: value for name, value in fields.items() if name in asked}
