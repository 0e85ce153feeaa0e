"""Small batches on the local disk, and a Sweep over them whose events are kept."""

import asyncio
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from receiver.clock import SystemClock
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.job.expect import expectation_of
from receiver.job.expectation import Expectation
from receiver.job.options import parse_logpull_options, parse_output_options
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.sweep import Event, Ignored, Noted, Selected, Unread, Verified, sweep

HTTP = expectation_of("http_requests", parse_logpull_options("fields=RayID,ClientIP"))
SPECTRUM = expectation_of("spectrum_events", parse_logpull_options("fields=Event,ClientIP"))

CSV = expectation_of("http_requests", parse_output_options({"output_type": "csv"}))


def name(start: str, end: str | None = None, batch_id: str = "9af500e2") -> str:
    """Return a batch's name: `name("20261122T1015")` is a window of that minute."""
    return f"{start}00Z_{end or start}59Z_{batch_id}.log.gz"


def body(records: int = 2, *, seed: int = 0) -> bytes:
    """Return a good batch of HTTP."""
    lines = (
        json.dumps({"RayID": f"{seed:08x}{number:08x}", "ClientIP": "192.0.2.1"}) + "\n"
        for number in range(records)
    )
    return gzip.compress("".join(lines).encode(), mtime=0)


def write(path: Path, content: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body() if content is None else content)
    return path


def folder(path: Path) -> Destination:
    """Return a destination of the local disk, as a job's conf names it."""
    return parse_destination(f"file://{path}")


def target(
    path: Path,
    *,
    expectations: Sequence[Expectation] = (HTTP,),
    span: Span | None = None,
    keys: Sequence[str] = (),
) -> Target:
    return Target(
        destination=folder(path), expectations=tuple(expectations), span=span, keys=tuple(keys)
    )


class Told:
    """The events of a Sweep, by what they tell; `then` is called with each."""

    def __init__(self, then: Callable[[Event], None] | None = None) -> None:
        self.events: list[Event] = []
        self._then = then

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if self._then is not None:
            self._then(event)

    @property
    def verified(self) -> list[str]:
        return sorted(each.report.key for each in self.events if isinstance(each, Verified))

    @property
    def unread(self) -> dict[str, str]:
        return {each.key: each.error for each in self.events if isinstance(each, Unread)}

    @property
    def ignored(self) -> dict[str, str]:
        return {each.key: each.reason for each in self.events if isinstance(each, Ignored)}

    @property
    def notes(self) -> list[str]:
        return [each.text for each in self.events if isinstance(each, Noted)]

    @property
    def selected(self) -> tuple[int, int]:
        found = [each for each in self.events if isinstance(each, Selected)]
        return sum(each.objects for each in found), sum(each.stored_bytes for each in found)


async def swept(
    *targets: Target,
    processes: int | None = 1,
    done: frozenset[tuple[str, str]] = frozenset(),
    then: Callable[[Event], None] | None = None,
    told: Told | None = None,
) -> Told:
    """Sweep within 30 seconds, and return what was told."""
    told = told or Told(then)
    async with asyncio.timeout(30):
        await sweep(targets, on_event=told, clock=SystemClock(), processes=processes, done=done)
    return told


def workers(pid: int) -> list[int]:
    """Return a process's workers that are still running, and none of its other children."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue  # ended meanwhile
        if int(fields[1]) == pid and fields[0] != "Z" and b"receiver.workers" in command:
            found.append(int(process.name))
    return found
