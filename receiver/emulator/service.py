"""The local Logpush as a whole: its API and its pusher over one State, until it is stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.emulator.api.credentials import Credentials
from receiver.emulator.api.operations import Operations
from receiver.emulator.api.rules import Rules
from receiver.emulator.api.server import make_app, make_runner
from receiver.emulator.clock import FastClock, warn_when_ahead
from receiver.emulator.own_file import OwnFile
from receiver.emulator.pusher.admin import fault_routes
from receiver.emulator.pusher.manifest import Manifest
from receiver.emulator.pusher.plan import FaultPlan
from receiver.emulator.pusher.pusher import Pusher
from receiver.emulator.pusher.setting import LOOK_SECONDS, Setting
from receiver.emulator.pusher.traffic import RATE_DEFAULT, find_job
from receiver.emulator.pusher.upload import Uploader
from receiver.emulator.pusher.uploaders import open_uploader
from receiver.emulator.state import SqliteState
from receiver.errors import ConfigError, cause_of

SHUTDOWN_SECONDS: Final = 1.0
"""A request that is being answered has so long when we are stopped."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a local Logpush is started with."""

    host: str
    port: int  # 0: any that is free
    credentials: Credentials
    rules: Rules = Rules()
    state_file: Path | None = None  # None: in memory, gone with the process
    faults_file: Path | None = None
    manifest_file: Path | None = None
    records_file: Path | None = None
    start: datetime
    speed: float = 1.0
    rate: int = RATE_DEFAULT
    seed: int = 0


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told when it listens."""

    url: str
    jobs: int  # that the State has already


async def serve(
    service: Service, *, real: Clock, stop: asyncio.Event, on_ready: Callable[[Ready], None]
) -> None:
    """Answer and push until `stop` is set. Stores, endpoints and tokens live by the real one.

    Raises:
        ConfigError: a file cannot be read, or the address cannot be listened at.
        ResultLost: the State, or the manifest, cannot be written any more.
    """
    source = None if service.records_file is None else OwnFile(service.records_file)
    with ExitStack() as open_files:
        state = open_files.enter_context(closing(SqliteState(service.state_file)))
        manifest = open_files.enter_context(closing(Manifest(service.manifest_file)))
        clock = FastClock(start=service.start, speed=service.speed, real=real)
        plan = _plan(service, manifest, state)

        def open_really(
            destination: Destination, *, clock: Clock
        ) -> AbstractAsyncContextManager[Uploader]:
            return open_uploader(destination, clock=real)

        setting = Setting(
            state=state,
            clock=clock,
            open_uploader=open_really,
            faults=plan.for_job,
            manifest=manifest,
            rate=service.rate,
            seed=service.seed,
            source=source,
            look_seconds=LOOK_SECONDS * service.speed,
        )
        operations = Operations(
            state=state,
            clock=clock,
            token_clock=real,
            open_uploader=open_really,
            rules=service.rules,
        )
        app = make_app(operations, service.credentials, extra_routes=fault_routes(plan))
        async with _listening(app, service) as url:
            on_ready(Ready(url=url, jobs=len(state.jobs())))
            await _push(Pusher(setting), clock, stop)


async def _push(pusher: Pusher, clock: FastClock, stop: asyncio.Event) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            work = [
                tasks.create_task(pusher.run(), name="pusher"),
                tasks.create_task(warn_when_ahead(clock), name="clock"),
            ]
            await stop.wait()
            for task in work:
                task.cancel()
    except ExceptionGroup as group:
        raise cause_of(group) from group


def _plan(service: Service, manifest: Manifest, state: SqliteState) -> FaultPlan:
    job_of = partial(find_job, state)
    if service.faults_file is None:
        return FaultPlan(manifest=manifest, job_of=job_of)
    return FaultPlan.read(service.faults_file, manifest=manifest, job_of=job_of)


@asynccontextmanager
async def _listening(app: web.Application, service: Service) -> AsyncIterator[str]:
    """Listen until the block is left; yield the address with the port that it really has."""
    runner = make_runner(app, shutdown_seconds=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, service.host, service.port).start()
        except OSError as error:
            raise ConfigError(
                f"--listen {service.host}:{service.port}: {error.strerror or error};"
                " name another address or port; port 0 is any that is free"
            ) from error
        host = f"[{service.host}]" if ":" in service.host else service.host
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
