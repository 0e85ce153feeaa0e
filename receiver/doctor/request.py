"""One request to an endpoint, as Logpush would make it, and what came of it in words.

Nothing of an answer but its status is read, and no redirect is followed.
"""

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


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A status; or None, and the reason why there is none."""

    status: int | None = None
    trouble: str = ""


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
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(trouble=_words(error, waits))


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
