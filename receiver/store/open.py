"""Chooses the store of a destination; the only place that knows them all, and loads but one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.errors import ConfigError
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.retry import RetryingStore, ask_again
from receiver.store.store import Store


@asynccontextmanager
async def open_store(
    destination: Destination,
    *,
    clock: Clock,
    endpoint_url: str | None = None,
    bounds: Bounds = BOUNDS,
    anonymous: bool = False,
) -> AsyncIterator[Store]:
    """Open the store of a destination, asking again where that may help; close it at the end.

    `endpoint_url` goes before the conf's own endpoint and the cloud's. A driver is loaded only
    here, and only the one needed. `anonymous` asks as anybody may, without any credentials; of
    local files that makes no difference.

    Raises:
        ConfigError: what is written there cannot be read back.
        StoreError: the store cannot be opened.
    """
    async with _bare(destination, clock, endpoint_url, bounds, anonymous) as store:
        yield RetryingStore(
            store,
            clock=clock,
            random=Random(),  # noqa: S311 (spreads waits, guards nothing)
            attempts_max=bounds.attempts_max,
            bounds=bounds,
        )


async def find_region(
    destination: Destination,
    *,
    clock: Clock,
    endpoint_url: str | None = None,
    bounds: Bounds = BOUNDS,
) -> str | None:
    """Return the region in which an s3:// bucket really lies, found without any credentials.

    None where the server does not say, and of schemes whose buckets have no region.

    Raises:
        ObjectMissing: there is no such bucket.
        StoreUnavailable: the server did not answer.
    """
    if destination.scheme is not Scheme.S3:
        return None
    from receiver.store.s3_region import find_s3_region

    return await ask_again(
        lambda: find_s3_region(destination, endpoint_url=endpoint_url, bounds=bounds),
        what=f"s3://{destination.bucket}: finding its region",
        clock=clock,
        random=Random(),  # noqa: S311 (spreads waits, guards nothing)
        bounds=bounds,
    )


def _bare(
    destination: Destination,
    clock: Clock,
    endpoint_url: str | None,
    bounds: Bounds,
    anonymous: bool,
) -> AbstractAsyncContextManager[Store]:
    match destination.scheme:
        case Scheme.FILE:
            from receiver.store.local import open_local

            return open_local(destination, bounds=bounds)
        case Scheme.S3 | Scheme.R2:
            from receiver.store.s3 import open_s3

            return open_s3(
                destination, endpoint_url=endpoint_url, bounds=bounds, anonymous=anonymous
            )
        case Scheme.GS:
            from receiver.store.gcs import open_gcs

            return open_gcs(
                destination, endpoint_url=endpoint_url, bounds=bounds, anonymous=anonymous
            )
        case Scheme.AZURE:
            from receiver.store.azure import open_azure

            return open_azure(
                destination,
                endpoint_url=endpoint_url,
                clock=clock,
                bounds=bounds,
                anonymous=anonymous,
            )
    raise ConfigError(
        f"{destination}: what Logpush writes to {destination.scheme}:// cannot be read back here; "
        "give a copy in a bucket or a folder"
    )
