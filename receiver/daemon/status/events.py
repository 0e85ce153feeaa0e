"""Live pages: a page that is looked at is told when there is something new to fetch.

What is told is that something changed, never what: the page fetches itself again, behind the same
guard, and takes over what differs.
"""

import asyncio
from typing import Final

from aiohttp import web

from receiver.limits import STATUS_LISTENERS_MAX

PAUSE_SECONDS: Final = 2.0
"""Between two words to one page: faster nobody reads."""

IDLE_SECONDS: Final = 15.0
"""Without news a page hears from us so often: times move on, other daemons judge as well, and
proxies cut connections that are silent."""

_HEAD: Final = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
_RETRY: Final = b"retry: 5000\n\n"


class Pulse:
    """Beats when something changed that a page may show. Closed, it lets all who listen go."""

    def __init__(self) -> None:
        self.closed = False
        self.listeners = 0
        self._beats = 0
        self._beaten = asyncio.Event()

    def beat(self) -> None:
        """Say that something has changed; costs next to nothing."""
        self._beats += 1
        self._beaten.set()

    def close(self) -> None:
        """Let go of everybody, now and from now on."""
        self.closed = True
        self._beaten.set()

    async def news(self, known: int, *, seconds: float) -> int:
        """Wait for a beat after the one known, or so long; returns the last one."""
        try:
            async with asyncio.timeout(seconds):
                while self._beats == known and not self.closed:
                    self._beaten.clear()
                    await self._beaten.wait()
        except TimeoutError:
            pass
        return self._beats

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until it is closed."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not self.closed and (left := end - loop.time()) > 0:
            await self.news(self._beats, seconds=left)


async def events(
    request: web.Request,
    pulse: Pulse,
    *,
    pause_seconds: float = PAUSE_SECONDS,
    idle_seconds: float = IDLE_SECONDS,
) -> web.StreamResponse:
    """Answer with server-sent events until the page goes away or we do."""
    if pulse.closed or pulse.listeners >= STATUS_LISTENERS_MAX:
        raise web.HTTPServiceUnavailable(
            headers={"Retry-After": "60"}, text="Too many pages are live; reload for news.\n"
        )
    response = web.StreamResponse(headers=_HEAD)
    if request.method == "HEAD":
        return response
    pulse.listeners += 1
    try:
        await response.prepare(request)
        await response.write(_RETRY)
        beats = await pulse.news(-1, seconds=0)
        while not pulse.closed:
            beats = await pulse.news(beats, seconds=idle_seconds)
            if not pulse.closed:
                await response.write(b"event: news\ndata: %d\n\n" % beats)
                await pulse.pause(pause_seconds)
    except ConnectionError:
        pass  # the page is gone
    finally:
        pulse.listeners -= 1
    return response
