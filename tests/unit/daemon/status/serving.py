"""The status page served on a free port of the loopback, and asked over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from receiver.daemon.metrics import Metrics
from receiver.daemon.status.app import make_status_app, serve_status
from receiver.daemon.status.events import Pulse
from receiver.daemon.status.guard import Access
from receiver.daemon.status.scene import Scene


class Served(msgspec.Struct, kw_only=True):
    """A server, and a client that trusts what it says."""

    url: str
    client: aiohttp.ClientSession
    pulse: Pulse
    metrics: Metrics

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Return an answer's status and text; headers' names have _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(self.url + path, headers=named) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def serving(scene: Scene, *, access: Access | None = None) -> AsyncIterator[Served]:
    """Serve until the block is left."""
    pulse = Pulse()
    metrics = Metrics(changed=pulse.beat)
    app = make_status_app(scene, access=access or Access(), pulse=pulse, metrics=metrics)
    async with (
        serve_status(app, host="127.0.0.1", port=0) as url,
        aiohttp.ClientSession(auto_decompress=False) as client,
    ):
        yield Served(url=url, client=client, pulse=pulse, metrics=metrics)
