"""The ways into an S3 bucket: the conf's own keys, then the cloud's usual chain of credentials.

Or, to see who else may come in, no keys at all.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from functools import cache
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import UNSIGNED
from botocore.exceptions import InvalidRegionError
from botocore.loaders import create_loader

from receiver.destination.destination import Destination, Scheme
from receiver.errors import ConfigError, Reason, StoreDenied
from receiver.store.bounds import Bounds
from receiver.store.s3_session import StayingSession, find_region_once
from receiver.store.web import proxy_for, read_address

CONF_KEYS: Final = "keys of the destination_conf"
USUAL_KEYS: Final = "keys of the usual chain (environment, profile, role)"
ANONYMOUS: Final = "anonymous caller"

CONNECTIONS_MAX: Final = 64
"""One store's connections: each stream holds one, and no process reads more batches at once."""

ADDRESS_FROM: Final = "--endpoint-url, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL"

CONNECT_SECONDS: Final = 10.0
"""A machine that has not answered by then is not there."""


class S3Access:
    """Clients of one bucket, each made once, when it is first needed.

    `keys` names them in the order to try: the conf's keys, if it has any, are often Logpush's own
    and may only write. `anonymous` takes neither these nor those.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        endpoint_url: str | None,
        bounds: Bounds,
        opened: AsyncExitStack,
        anonymous: bool = False,
    ) -> None:
        # It warns, with a traceback, of a role that is refused; our error says it in one line.
        for driver in ("aiobotocore", "botocore"):
            logging.getLogger(driver).setLevel(logging.ERROR)
        own = (CONF_KEYS,) if destination.access_key_id else ()
        self.keys = (ANONYMOUS,) if anonymous else (*own, USUAL_KEYS)
        self._destination = destination
        self._endpoint_url = endpoint_url or _endpoint_url(destination)
        self._bounds = bounds
        self._opened = opened
        self._clients: dict[str, Any] = {}
        self._making = asyncio.Lock()

    async def client(self, keys: str) -> Any:
        """Return the client of these keys."""
        async with self._making:
            if keys not in self._clients:
                self._clients[keys] = await self._make(keys)
            return self._clients[keys]

    async def _make(self, keys: str) -> Any:
        destination = self._destination
        session = AioSession()
        session.register_component("data_loader", _descriptions())
        own: dict[str, str] = {}
        if keys == CONF_KEYS and destination.access_key_id and destination.secret_access_key:
            own["aws_access_key_id"] = destination.access_key_id.reveal()
            own["aws_secret_access_key"] = destination.secret_access_key.reveal()
        region = destination.region or session.get_config_variable("region") or "us-east-1"
        if keys == USUAL_KEYS:
            session.set_config_variable("region", region)  # whoever gives out a role is asked there
            await self._find_keys(session)
        config = AioConfig(
            signature_version=UNSIGNED if keys == ANONYMOUS else "s3v4",
            http_session_cls=StayingSession,
            connect_timeout=min(CONNECT_SECONDS, self._bounds.call_seconds),
            read_timeout=self._bounds.stall_seconds,
            max_pool_connections=CONNECTIONS_MAX,
            retries={"total_max_attempts": 1, "mode": "standard"},  # RetryingStore asks again
            # the driver's own checksums are a trailer that many servers other than AWS refuse
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            client = await self._opened.enter_async_context(
                session.create_client(
                    "s3",
                    region_name="auto" if destination.scheme is Scheme.R2 else region,
                    endpoint_url=self._endpoint_url,
                    config=config,
                    **own,
                )
            )
        except InvalidRegionError as error:
            raise ConfigError(
                f"{destination}: the region is not the name of a region, such as eu-west-1; "
                "correct `region` in the destination_conf, or AWS_DEFAULT_REGION"
            ) from error
        except ValueError as error:  # the driver's word for an address that is none
            raise ConfigError(
                f"{destination}: the endpoint is no address: write it with http:// or https://,"
                f" in {ADDRESS_FROM}"
            ) from error
        address = read_address(client.meta.endpoint_url, said_by=ADDRESS_FROM)
        proxy_for(address)  # or the driver would call one that is none unavailable
        client.meta.events.register("before-call.s3.HeadBucket", find_region_once)
        return client

    async def _find_keys(self, session: AioSession) -> None:
        """Find the keys of the usual chain, which the session keeps.

        Raises:
            StoreDenied: a program or file of the chain cannot be run or read.
            botocore's errors: for `translated`.
        """
        try:
            await session.get_credentials()
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise StoreDenied(
                f"{self._destination}: no usable {USUAL_KEYS}: what a program or file of the "
                f"profile gives cannot be read ({type(error).__name__})",
                reason=Reason.KEYS_MISSING,
            ) from None  # a decoder's error holds all that it read


@cache
def _descriptions() -> Any:
    """Return the driver's descriptions of S3: they take longer to read than many a batch."""
    return create_loader()


def _endpoint_url(destination: Destination) -> str | None:
    """Return the conf's endpoint; None leaves it to AWS_ENDPOINT_URL_S3 and to AWS.

    The driver uses path style wherever an endpoint is given, as servers other than AWS want it.
    """
    if destination.scheme is Scheme.R2:
        return f"https://{destination.account}.r2.cloudflarestorage.com"
    endpoint = destination.endpoint
    return f"https://{endpoint}" if endpoint and "://" not in endpoint else endpoint
