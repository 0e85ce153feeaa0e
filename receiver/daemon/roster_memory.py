"""What a Roster remembers over a restart, as JSON without any secret.

Of a job stands there what makes its Expectation, and not the Expectation: a newer program that
reads the same job another way shall not take that for a change of the job.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from receiver.daemon.roster_watch import Watch
from receiver.errors import ConfigError
from receiver.job.expect import expectation
from receiver.job.job import Job, parse_jobs

_VERSION: Final = 1


class _Remembered(msgspec.Struct, frozen=True, kw_only=True):
    place: str
    source: str
    job: dict[str, Any]  # as the API has it, of some keys
    until: datetime | None


class _Memory(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    watches: tuple[_Remembered, ...]


def write_memory(watches: Iterable[Watch]) -> bytes:
    """Write what is watched down."""
    remembered = tuple(
        _Remembered(place=each.place, source=each.source, job=_essence(each.job), until=each.until)
        for each in watches
    )
    return msgspec.json.encode(_Memory(version=_VERSION, watches=remembered))


def read_memory(memory: bytes) -> list[Watch] | None:
    """Read it again, what can be read of it; None where that is nothing."""
    if not memory:
        return []
    try:
        found = msgspec.json.decode(memory, type=_Memory)
    except (ValueError, RecursionError):
        return None
    if found.version != _VERSION:
        return None
    return [watch for each in found.watches if (watch := _watch(each)) is not None]


def _watch(remembered: _Remembered) -> Watch | None:
    try:
        (job,) = parse_jobs(msgspec.json.encode(remembered.job), source="the memory")
        return Watch(
            place=remembered.place,
            source=remembered.source,
            job=job,
            expectation=expectation(job),
            until=remembered.until if _has_zone(remembered.until) else None,
        )
    except (ConfigError, ValueError):
        return None  # the rules of today know no such job: it was none to watch


def _has_zone(moment: datetime | None) -> bool:
    return moment is not None and moment.tzinfo is not None


def _essence(job: Job) -> dict[str, Any]:
    """Return what makes a job's Expectation; of a transformer only that there is one."""
    return {
        "id": job.id,
        "name": job.name,
        "dataset": job.dataset,
        "enabled": True,
        "logpull_options": job.logpull_options,
        "output_options": job.output_options,
        "subrequest_merging": job.subrequest_merging,
        "transformer_id": None if job.transformer_id is None else 1,
    }
