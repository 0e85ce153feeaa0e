"""Writes to a stored destination, by the right that the job's conf gives and no other.

What the conf leaves to Cloudflare's own identity (S3 without keys, GCS) is done with this
machine's credentials.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

from receiver.clock import Clock
from receiver.destination.azure import read_sas
from receiver.destination.destination import Destination, Scheme
from receiver.emulator.pusher.upload import Upload, UploadFailed
from receiver.emulator.pusher.wording import SAS_TYPES, upload_error
from receiver.errors import ConfigError, StoreError
from receiver.store.azure_sas import lack_of
from receiver.store.bounds import Bounds
from receiver.store.open import open_store
from receiver.store.store import Store

BOUNDS: Final = Bounds(call_seconds=30.0, stall_seconds=30.0, attempts_max=1)
"""The pusher itself tries again, and tells of it once."""


class StoreUploader:
    """Writes objects into one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, upload: Upload) -> None:
        if upload.halts:
            return
        try:
            await self._store.put(upload.key, upload.body)
        except StoreError as error:  # a right or a bucket that is missing now may be there soon
            raise UploadFailed(upload_error(str(error)), retry=True) from error


@asynccontextmanager
async def open_store_uploader(
    destination: Destination, *, clock: Clock, bounds: Bounds = BOUNDS
) -> AsyncIterator[StoreUploader]:
    """Open the store of a destination for writing.

    Raises:
        UploadFailed: it cannot be opened, or the conf's SAS cannot write.
    """
    if destination.scheme is Scheme.AZURE:
        _refuse_sas(destination, clock.now())
    async with AsyncExitStack() as opened:
        try:
            store = await opened.enter_async_context(
                open_store(destination, clock=clock, bounds=bounds)
            )
        except ConfigError as error:
            raise UploadFailed(upload_error(str(error)), retry=False) from error
        except StoreError as error:
            raise UploadFailed(upload_error(str(error)), retry=True) from error
        yield StoreUploader(store)


def _refuse_sas(destination: Destination, now: datetime) -> None:
    """Raise where the SAS is not one that Logpush writes with; ours, which could, is not its."""
    if destination.sas is None:
        raise UploadFailed(upload_error("the destination_conf has no SAS"), retry=False)
    sas = read_sas(destination.sas.reveal())
    if sas.resource_types not in {None, "o"}:
        raise UploadFailed(SAS_TYPES, retry=False)
    lack = lack_of(sas, "write", now)
    if lack:
        raise UploadFailed(upload_error(f"the SAS {lack.words}"), retry=False)
