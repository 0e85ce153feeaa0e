"""The ways into an Azure container: the conf's own SAS where it may, else Azure's usual chain.

Logpush's SAS may only write (sp=w, srt=o), so to read most jobs' containers takes the chain.
Or, to see who else may come in, no credentials at all.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Final

import msgspec
from azure.core.credentials import AzureSasCredential
from azure.storage.blob.aio import ContainerClient

from receiver.clock import Clock
from receiver.destination.azure import Sas, read_sas
from receiver.destination.destination import Destination
from receiver.errors import Reason, StoreDenied, StoreError
from receiver.limits import MIB
from receiver.secret import Secret
from receiver.store.azure_chain import CONNECTION_STRING, Found, find_account, find_usual
from receiver.store.azure_errors import ANONYMOUS, REMEDY, translate
from receiver.store.azure_sas import Lack, lack_of
from receiver.store.bounds import Bounds
from receiver.store.denial import Need
from receiver.store.web import proxy_for, read_address

PIECE_BYTES_MAX: Final = 2 * MIB
"""The driver brings a body in pieces, each by a call, and holds one several times over."""

CONNECT_SECONDS: Final = 10.0
"""A machine that has not answered by then is not there."""

ADDRESS_FROM: Final = f"--endpoint-url, the destination_conf or {CONNECTION_STRING}"

CONF_SAS: Final = "the SAS of the destination_conf"


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A client of the container, and by whose right it asks."""

    container: ContainerClient
    source: str  # as an error names it: "AZURE_STORAGE_KEY"
    sas: Sas | None


class AzureAccess:
    """Clients of one container, each made once, when a call first needs it."""

    def __init__(
        self,
        destination: Destination,
        *,
        endpoint_url: str | None,
        clock: Clock,
        bounds: Bounds,
        opened: AsyncExitStack,
        anonymous: bool = False,
    ) -> None:
        # It warns, at length, of every place without an identity; our error says it once.
        logging.getLogger("azure").setLevel(logging.ERROR)
        self._account = find_account(destination, endpoint_url)
        self._container = destination.bucket
        self._anonymous = anonymous
        self._conf_sas = None if anonymous else destination.sas
        self._clock = clock
        self._bounds = bounds
        self._opened = opened
        self._conf_way: Way | None = None
        self._usual_way: Way | None = None
        self._opening = asyncio.Lock()
        self.name = f"azure://{self._account.name}/{self._container}"

    async def way(self, need: Need) -> Way:
        """Return the way for one need: the conf's SAS says by itself whether it will do.

        Raises:
            StoreDenied: names what the conf's SAS lacks, and what else was looked for.
        """
        lack = self._lack(need)
        async with self._opening:
            if self._conf_sas and not lack:
                if self._conf_way is None:
                    found = Found(
                        source=CONF_SAS,
                        credential=AzureSasCredential(self._conf_sas.reveal()),
                        sas=self._conf_sas,
                    )
                    self._conf_way = await self._open(found)
                return self._conf_way
            if self._usual_way is None:
                usual = await self._find_usual()
                if not isinstance(usual, Found):
                    assert lack is not None
                    raise StoreDenied(
                        f"{self.name}: nothing here may {need}: {lack.words}; "
                        f"also looked for {', '.join(usual)}. It takes {REMEDY[need]}",
                        reason=lack.reason,
                        right=lack.right,
                    )
                self._usual_way = await self._open(usual)
            return self._usual_way

    def explain(self, error: Exception, way: Way, need: Need, name: str) -> StoreError:
        """Return our error for the driver's; where the conf's SAS was passed over, say why."""
        said = translate(
            error, name=name, need=need, source=way.source, sas=way.sas, now=self._clock.now()
        )
        passed_over = way.source not in {CONF_SAS, ANONYMOUS}
        lack = self._lack(need)
        if isinstance(said, StoreDenied) and passed_over and lack:
            return StoreDenied(f"{said} ({lack.words})", reason=said.reason, right=said.right)
        return said

    async def _find_usual(self) -> Found | tuple[str, ...]:
        if self._anonymous:
            return Found(source=ANONYMOUS, credential=None)
        return await find_usual(self._account, self._opened)

    def _lack(self, need: Need) -> Lack | None:
        """Say why the conf's SAS does not do for a need; None if it may do."""
        if not self._conf_sas:
            return Lack(words="the destination_conf has no SAS", reason=Reason.KEYS_MISSING)
        lack = lack_of(_read(self._conf_sas), need, self._clock.now())
        return msgspec.structs.replace(lack, words=f"{CONF_SAS} {lack.words}") if lack else None

    async def _open(self, found: Found) -> Way:
        address = read_address(self._account.endpoint_url, said_by=ADDRESS_FROM)
        proxy = proxy_for(address)
        container = ContainerClient(
            self._account.endpoint_url,
            self._container,
            credential=found.credential,
            retry_total=0,  # RetryingStore asks again
            connection_timeout=min(CONNECT_SECONDS, self._bounds.call_seconds),
            read_timeout=min(self._bounds.call_seconds, self._bounds.stall_seconds),
            max_single_get_size=PIECE_BYTES_MAX,
            use_env_settings=False,  # it would find a .netrc, and log in by that
            proxies={address.scheme: proxy} if proxy else None,
        )
        await self._opened.enter_async_context(container)
        return Way(
            container=container, source=found.source, sas=_read(found.sas) if found.sas else None
        )


def _read(sas: Secret) -> Sas:
    return read_sas(sas.reveal())
