"""A server that gives one answer to whatever it is asked, and keeps what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Answering:
    """A running server."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    silent: bool = False
    url: str = ""
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if self.silent:
            await asyncio.sleep(60)
        text = None if request.method == "HEAD" else self.body
        return web.Response(
            status=self.status, headers=self.headers, text=text, content_type="application/xml"
        )


@asynccontextmanager
async def answering() -> AsyncIterator[Answering]:
    """Run a server on a free loopback port until the block is left."""
    server = Answering()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
