"""A local Logpush over real folders: file:// destinations, a clock that stands, known ids."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.clock import Clock, SystemClock
from receiver.destination.destination import Destination
from receiver.emulator.api.operations import Operations
from receiver.emulator.api.refusals import Refusal
from receiver.emulator.api.rules import Actor, Rules
from receiver.emulator.cloud import Scope
from receiver.emulator.pusher.upload import Upload, Uploader, UploadFailed
from receiver.emulator.pusher.uploaders import open_uploader
from receiver.emulator.state import SqliteState

ZONE = Scope(kind="zones", id="023e105f4ecef8ad9ca31a8372d0c353")
OTHER_ZONE = Scope(kind="zones", id="1" * 32)
ACCOUNT = Scope(kind="accounts", id="9" * 32)
ACTOR = Actor(email="ops@example.com", id="a" * 32, ip="127.0.0.1")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class StandingClock:
    """Stands until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass
class Way:
    """The way to a destination: local folders as they are, everything else kept in `uploads`.

    `refusal` is what any destination says instead, `pause` what happens meanwhile.
    """

    uploads: list[Upload] = field(default_factory=list)
    refusal: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    pause: asyncio.Event | None = None

    def open(
        self, destination: Destination, *, clock: Clock
    ) -> AbstractAsyncContextManager[Uploader]:
        return self._opened(destination)

    @asynccontextmanager
    async def _opened(self, destination: Destination) -> AsyncIterator[Uploader]:
        if destination.scheme == "file":
            async with open_uploader(destination, clock=SystemClock()) as uploader:
                yield _Noting(self, uploader)
        else:
            yield _Noting(self, None)


class _Noting:
    def __init__(self, way: Way, uploader: Uploader | None) -> None:
        self._way = way
        self._uploader = uploader

    async def put(self, upload: Upload) -> None:
        self._way.arrived.set()
        if self._way.pause:
            await self._way.pause.wait()
        if self._way.refusal:
            raise UploadFailed(self._way.refusal, retry=False)
        self._way.uploads.append(upload)
        if self._uploader:
            await self._uploader.put(upload)


@dataclass
class Cloud:
    """Operations, and what they stand on."""

    operations: Operations
    state: SqliteState
    clock: StandingClock
    way: Way
    folder: Path

    def conf(self, path: str = "logs") -> str:
        return f"file://{self.folder}/{path}"

    async def token(self, conf: str, scope: Scope = ZONE) -> str:
        """Ask for a challenge and read it where the answer says that it lies."""
        answer = await self.operations.challenge(scope, {"destination_conf": conf})
        assert answer["valid"], answer
        (upload,) = [each for each in self.way.uploads if each.key == answer["filename"]]
        return upload.body.decode()

    async def job(
        self, path: str = "logs", *, scope: Scope = ZONE, **fields: object
    ) -> dict[str, Any]:
        """Create a job as the documents have it: challenge, token, job."""
        conf = self.conf(path)
        token = await self.token(conf, scope)
        body = {"destination_conf": conf, "ownership_challenge": token, **fields}
        return await self.operations.create(scope, ACTOR, body)


def make_cloud(folder: Path, *, rules: Rules | None = None) -> Cloud:
    state, clock, way = SqliteState(None), StandingClock(), Way()
    hexes = (f"{number:08x}" for number in itertools.count(0xAB))
    operations = Operations(
        state=state,
        clock=clock,
        open_uploader=way.open,
        rules=rules,
        random_hex=lambda _: next(hexes),
    )
    return Cloud(operations=operations, state=state, clock=clock, way=way, folder=folder)


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> tuple[int, int]:
    """The HTTP status and the code of a refusal."""
    return refused.value.kind.status, refused.value.kind.code
