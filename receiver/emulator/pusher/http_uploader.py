"""Posts to an endpoint as Logpush does: gzip, its name, and the headers that the conf asks for.

Not documented, so ours: which statuses are tried again, how long it waits, and that neither a
batch nor a challenge says its Content-Type. No answer but its status is read, no redirect followed.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from receiver.destination.destination import Destination, Scheme
from receiver.doctor.address import Address, address_of
from receiver.doctor.bodies import TEST_TEXT, USER_AGENT
from receiver.doctor.tls import tls_context
from receiver.doctor.waits import WAITS, Waits
from receiver.emulator.pusher.upload import Upload, UploadFailed
from receiver.emulator.pusher.wording import upload_error

UPLOAD_SECONDS_MAX: Final = 120.0
"""An upload ends by then: whoever takes a byte now and then would hold its job up for ever."""

HALT_SECONDS: Final = 0.5
"""So long an upload stands still that is to stall: of a fast clock it is minutes, and a batch is
dropped after five."""

_GZIP: Final = {"Content-Encoding": "gzip"}
_PLAIN_TEST: Final = {"Content-Type": "application/json"}  # as it was seen, though it is none
_PASSING: Final = frozenset({408, 425, 429})  # these and 5xx: RFC 9110 has them pass
_NOT_ADDED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class HttpUploader:
    """Posts to one address, over connections that stay open."""

    def __init__(
        self,
        destination: Destination,
        *,
        address: Address,
        session: aiohttp.ClientSession,
        waits: Waits,
    ) -> None:
        self._destination = destination
        self._address = address
        self._session = session
        self._waits = waits

    async def put(self, upload: Upload) -> None:
        if upload.halts:
            size = {"Content-Length": str(len(upload.body))}
            await self._post(_half(upload.body), _GZIP | size)
            return  # it was taken before it was there
        if upload.kind == "challenge":
            await self._post(upload.body, {})
            return
        if upload.kind == "test" and self._destination.scheme is not Scheme.SUMO:
            await self._post(TEST_TEXT, _PLAIN_TEST)  # it was seen to come first
        await self._post(upload.body, _GZIP)

    async def _post(self, body: bytes | AsyncIterator[bytes], said: Mapping[str, str]) -> None:
        headers = CIMultiDict({"User-Agent": USER_AGENT, **said})
        for name, value in self._destination.headers:  # they go before what is said without them
            headers[name] = value.reveal()
        try:
            async with self._session.post(
                URL(self._address.url.reveal(), encoded=True),  # as it is written
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failed = UploadFailed(upload_error(self._words(error)), retry=True)
            raise failed from None  # the driver's words repeat the address, keys and all
        if not 200 <= status < 300:
            raise UploadFailed(
                upload_error(f"{self._destination.bucket} answered {status}"),
                retry=status in _PASSING or status >= 500,
                status=status,
            )

    def _words(self, error: Exception) -> str:
        """Say where it ended; "DNSError" is Logpush's own word."""
        host = self._destination.bucket
        match error:
            case aiohttp.ClientConnectorDNSError():
                return f"DNSError: the name {self._address.host} was not found"
            case aiohttp.ConnectionTimeoutError():
                return f"{host}: no connection came about in time"
            case TimeoutError():
                return f"{host}: no answer in {self._waits.answer_seconds:g} s"
            case aiohttp.ClientSSLError() | ssl.SSLError():
                return f"{host}: its TLS certificate is not to be trusted, or it speaks no TLS"
            case aiohttp.ClientConnectorError():
                return f"{host}: no connection came about"
            case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
                return f"{host}: what came back is not HTTP"
            case aiohttp.ClientError() | OSError():
                return f"{host}: the connection broke before an answer came"
        return "a header or the address is one that no request can have"


async def _half(body: bytes) -> AsyncIterator[bytes]:
    """Yield the first half of a body, then nothing for a while, and break off."""
    yield body[: len(body) // 2]
    await asyncio.sleep(HALT_SECONDS)
    raise ConnectionAbortedError


@asynccontextmanager
async def open_http_uploader(
    destination: Destination, *, waits: Waits = WAITS
) -> AsyncIterator[HttpUploader]:
    """Open the way to an endpoint: https, splunk, datadog, sentinelone, sumo."""
    address = address_of(destination)
    timeout = aiohttp.ClientTimeout(
        total=UPLOAD_SECONDS_MAX,
        connect=waits.connect_seconds + waits.handshake_seconds,
        sock_connect=waits.connect_seconds,
        sock_read=waits.answer_seconds,
    )
    async with aiohttp.ClientSession(
        timeout=timeout,
        connector=aiohttp.TCPConnector(ssl=tls_context(verified=not address.skips_verifying)),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=_NOT_ADDED,
    ) as session:
        yield HttpUploader(destination, address=address, session=session, waits=waits)
