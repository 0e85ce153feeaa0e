"""The local Logpush API on a free port, in a thread of its own, over the state of one test."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from aiohttp import web

from receiver.emulator.api.credentials import Credentials
from receiver.emulator.api.operations import Operations
from receiver.emulator.api.server import make_app, make_runner


@contextmanager
def serving(
    operations: Operations,
    credentials: Credentials,
    *,
    extra_routes: Iterable[web.AbstractRouteDef] = (),
) -> Iterator[str]:
    """Serve until the block is left; yield the address."""
    loop = asyncio.new_event_loop()
    app = make_app(operations, credentials, extra_routes=extra_routes)
    runner = make_runner(app, shutdown_seconds=0.1)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
