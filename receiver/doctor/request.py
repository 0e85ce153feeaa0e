"""One request to an endpoint, as Logpush would make it, and what came of it in words.

Nothing of an answer but its status is read, and no redirect is followed.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from receiver.destination.destination import Destination
from receiver.doctor.bodies import USER_AGENT
from receiver.doctor.waits import Waits
from receiver.secret import Secret

# The driver's own additions: what Logpush sends in their place is not documented.
_NOT_ADDED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_STATUS_LINE: Final = re.compile(rb"HTTP/[0-9.]+ ([1-5][0-9]{2})\b")  # RFC 9112 4
_LINE_BYTES_MAX: Final = 8192


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A status; or None, and the reason why there is none."""

    status: int | None = None
    trouble: str = ""
    unruly: bool = False  # the status can be read, and what follows is not as HTTP has it


async def ask(
    method: str,
    url: Secret,
    *,
    destination: Destination,
    tls: ssl.SSLContext,
    waits: Waits,
    body: bytes | None = None,
    said: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request with the headers that the conf asks for, which go before `said`."""
    headers = CIMultiDict({"User-Agent": USER_AGENT, **(said or {})})
    for name, value in destination.headers:
        headers[name] = value.reveal()
    timeout = aiohttp.ClientTimeout(
        total=waits.connect_seconds + waits.handshake_seconds + waits.answer_seconds,
        connect=waits.connect_seconds + waits.handshake_seconds,
        sock_read=waits.answer_seconds,
    )
    try:
        async with (
            aiohttp.ClientSession(
                timeout=timeout,
                connector=aiohttp.TCPConnector(ssl=tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_NOT_ADDED,
            ) as session,
            session.request(
                method,
                URL(url.reveal(), encoded=True),  # as it is written
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as response,
        ):
            return Answer(status=response.status)
    except aiohttp.ClientResponseError as error:
        status = None
        if method == "HEAD":  # the driver gives up what a server says if it sends a body with it
            status = await _status_of(url, headers, tls=tls, seconds=waits.answer_seconds)
        if status is None:
            return Answer(trouble=_words(error, waits))
        return Answer(status=status, unruly=True)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(trouble=_words(error, waits))


async def _status_of(
    url: Secret, headers: Mapping[str, str], *, tls: ssl.SSLContext, seconds: float
) -> int | None:
    """Send HEAD once more and read the first line of the answer alone; None where it is no HTTP."""
    address = URL(url.reveal(), encoded=True)
    said = CIMultiDict({"Host": address.authority, **headers})
    said["Connection"] = "close"
    lines = [f"HEAD {address.raw_path_qs} HTTP/1.1", *(f"{name}: {said[name]}" for name in said)]
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(
                address.raw_host, address.port, ssl=tls, limit=_LINE_BYTES_MAX
            )
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode())
                found = _STATUS_LINE.match(await reader.readline())
            finally:
                writer.transport.abort()
    except (OSError, ValueError):  # ValueError: the line has no end
        return None
    return int(found.group(1)) if found else None


def _words(error: Exception, waits: Waits) -> str:
    """Say at which layer it ended; never in the driver's words, which repeat the address."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "no connection came about in time"
        case TimeoutError():
            return f"the connection stands, and no answer came in {waits.answer_seconds:g} s"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "the TLS connection failed"
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientConnectorError():
            return "no connection came about"
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return "what came back is not HTTP"
        case aiohttp.ClientOSError() | OSError():
            return "the connection broke before an answer came"
    return "a header or the address is one that no request can have"
