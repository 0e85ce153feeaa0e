"""The way to a destination for what Logpush writes there: challenge, test object, batches."""

from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec

from receiver.clock import Clock
from receiver.destination.destination import Destination


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One object, or one push."""

    kind: Literal["challenge", "test", "batch"]
    key: str  # the whole key in the bucket; of an endpoint it is told by a header at most
    body: bytes  # gzip, but for a challenge's text
    halts: bool = False  # on purpose: half of it is sent, and then nothing more


class UploadFailed(Exception):
    """A destination did not take it. The message is what `error_message` of the job will say."""

    def __init__(self, message: str, *, retry: bool, status: int | None = None) -> None:
        super().__init__(message)
        self.retry = retry  # whether the same may succeed soon
        self.status = status  # of an HTTP answer


class Uploader(Protocol):
    """Writes to one destination."""

    async def put(self, upload: Upload) -> None:
        """Write it; of one that halts an endpoint sees half, and a store nothing.

        Raises:
            UploadFailed: it was not written, or nobody knows.
        """
        ...


class OpenUploader(Protocol):
    """Opens the way to a destination; nothing is written by that."""

    def __call__(
        self, destination: Destination, *, clock: Clock
    ) -> AbstractAsyncContextManager[Uploader]: ...
