"""Chooses the store of a destination; the only place that knows them all, and loads but one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.errors import ConfigError
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.retry import RetryingStore
from receiver.store.store import Store


@asynccontextmanager
async def open_store(
    destination: Destination,
    *,
    clock: Clock,
    endpoint_url: str | None = None,
    bounds: Bounds = BOUNDS,
) -> AsyncIterator[Store]:
    """Open the store of a destination, asking again where that may help; close it at the end.

    `endpoint_url` goes before the conf's own endpoint and the cloud's. A driver is loaded only
    here, and only the one needed.

    Raises:
        ConfigError: what is written there cannot be read back.
        StoreError: the store cannot be opened.
    """
    async with _bare(destination, clock, endpoint_url, bounds) as store:
        yield RetryingStore(
            store,
            clock=clock,
            random=Random(),  # noqa: S311 (spreads waits, guards nothing)
            bounds=bounds,
        )


def _bare(
    destination: Destination, clock: Clock, endpoint_url: str | None, bounds: Bounds
) -> AbstractAsyncContextManager[Store]:
    match destination.scheme:
        case Scheme.FILE:
            from receiver.store.local import open_local

            return open_local(destination, bounds=bounds)
        case Scheme.S3 | Scheme.R2:
            from receiver.store.s3 import open_s3

            return open_s3(destination, endpoint_url=endpoint_url, bounds=bounds)
        case Scheme.GS:
            from receiver.store.gcs import open_gcs

            return open_gcs(destination, endpoint_url=endpoint_url, bounds=bounds)
        case Scheme.AZURE:
            from receiver.store.azure import open_azure

            return open_azure(destination, endpoint_url=endpoint_url, clock=clock, bounds=bounds)
    raise ConfigError(
        f"{destination}: what Logpush writes to {destination.scheme}:// cannot be read back here; "
        "give a copy in a bucket or a folder"
    )
