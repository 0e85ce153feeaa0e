"""An HTTPS endpoint as somebody may run one for Logpush, with certificates good and bad.

It keeps what was sent as it was sent: the raw path, the headers, and bodies that nobody inflated.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiohttp import web

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it came over the wire."""

    method: str
    target: str  # path and parameters, no escape touched
    headers: dict[str, str]  # names in small letters
    body: bytes


@dataclass
class Endpoint:
    """A running endpoint: `statuses` are given one after the other, the last for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer_body: str = ""
    wait_seconds: float = 0.0
    port: int = 0
    requests: list[Sent] = field(default_factory=list)

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(
            Sent(
                method=request.method,
                target=request.raw_path,
                headers={name.decode().lower(): v.decode() for name, v in request.raw_headers},
                body=await request.read(),
            )
        )
        await asyncio.sleep(self.wait_seconds)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, headers=self.answer_headers, text=self.answer_body)


@asynccontextmanager
async def serving(endpoint: Endpoint, context: ssl.SSLContext | None) -> AsyncIterator[Endpoint]:
    """Serve on a free port of the loopback, by TLS where a context is given."""
    runner = web.ServerRunner(
        web.Server(endpoint.take, auto_decompress=False), shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, 0, ssl_context=context)
        await site.start()
        endpoint.port = runner.addresses[0][1]
        yield endpoint
    finally:
        await runner.cleanup()


@asynccontextmanager
async def rude_server(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Run a server that does with each connection what it likes; yield its port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def context_of(certificate: trustme.LeafCert, *, intermediates: bool = True) -> ssl.SSLContext:
    """Return a server's context, its chain sent whole or cut after its own certificate."""
    chain = certificate.cert_chain_pems
    pems = chain if intermediates else chain[:1]
    return context_from(b"".join(pem.bytes() for pem in pems), certificate.private_key_pem.bytes())


def context_from(chain: bytes, key: bytes) -> ssl.SSLContext:
    """Return a server's context for a chain and a key, both as PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    blob = trustme.Blob(key + chain)
    with blob.tempfile() as path:
        context.load_cert_chain(path)
    return context


def trust(authority: trustme.CA, path: Path) -> Path:
    """Write an authority's certificate where SSL_CERT_FILE can name it."""
    authority.cert_pem.write_to_path(str(path))
    return path
