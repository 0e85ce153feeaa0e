"""Chooses the way to a destination for what the local Logpush writes there."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.emulator.pusher.http_uploader import open_http_uploader
from receiver.emulator.pusher.store_uploader import open_store_uploader
from receiver.emulator.pusher.upload import Uploader, UploadFailed
from receiver.emulator.pusher.wording import OURS

_PUSHED: Final = frozenset(
    {Scheme.HTTPS, Scheme.SPLUNK, Scheme.DATADOG, Scheme.SENTINELONE, Scheme.SUMO}
)


def open_uploader(
    destination: Destination, *, clock: Clock
) -> AbstractAsyncContextManager[Uploader]:
    """Open the way to a destination; nothing is written by that. `clock` is the real one.

    Raises:
        UploadFailed: there is no way, by the call or on entering.
    """
    if destination.stored:
        return open_store_uploader(destination, clock=clock)
    if destination.scheme in _PUSHED:
        return open_http_uploader(destination)
    raise UploadFailed(f"{OURS}: it does not push to {destination.scheme}://", retry=False)
