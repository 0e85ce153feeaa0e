"""What the API itself writes to a destination: the challenge and the test object.

Both come before any batch, so a destination that cannot be written is found here. Whether Logpush
puts the day into the path of a challenge, and what it writes to a bucket as a test, is not
documented: here both lie where a batch of today would.
"""

import asyncio
import gzip
import logging
from typing import Final

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.emulator.pusher.upload import OpenUploader, Upload, UploadFailed
from receiver.errors import ReceiverError

TEST_NAME: Final = "test.txt.gz"
TEST_BODY: Final = gzip.compress(b'{"content":"tests"}', mtime=0)
WRITE_SECONDS: Final = 30.0
"""A destination that has not taken so little by then does not take it; somebody waits."""

_log = logging.getLogger(__name__)


class DestinationWriter:
    """Writes what the API writes. Every failure is an UploadFailed whose message may be shown."""

    def __init__(self, *, open_uploader: OpenUploader, clock: Clock) -> None:
        self._open_uploader = open_uploader
        self._clock = clock

    async def write_test(self, destination: Destination) -> None:
        """Write the test object."""
        key = self._key(destination, TEST_NAME)
        await self._put(destination, Upload(kind="test", key=key, body=TEST_BODY))

    async def write_challenge(self, destination: Destination, name: str, token: str) -> str:
        """Write a challenge that holds the token; return its key in the bucket."""
        key = self._key(destination, name)
        await self._put(destination, Upload(kind="challenge", key=key, body=token.encode()))
        return key

    def _key(self, destination: Destination, name: str) -> str:
        if not destination.stored:  # the path is an address, no folder
            return name
        return destination.prefix(self._clock.now().date()) + name

    async def _put(self, destination: Destination, upload: Upload) -> None:
        try:
            async with (
                asyncio.timeout(WRITE_SECONDS),
                self._open_uploader(destination, clock=self._clock) as uploader,
            ):
                await uploader.put(upload)
        except (UploadFailed, ReceiverError) as error:
            _log.warning("%s: the %s was not written: %s", destination, upload.kind, error)
            raise UploadFailed(str(error), retry=False) from error
        except TimeoutError as error:
            message = f"no answer within {WRITE_SECONDS:g} seconds"
            _log.warning("%s: the %s was not written: %s", destination, upload.kind, message)
            raise UploadFailed(message, retry=True) from error
