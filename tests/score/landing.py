"""A receiver of pushes that does nothing but write each body into a folder, as it came."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from receiver.clock import Clock, SystemClock
from receiver.emulator.api.writing import TEST_BODY
from receiver.emulator.batches import name_time
from receiver.emulator.pusher.windows import INTERVAL_SECONDS
from tests.servers.endpoint import HOST, Endpoint, context_of, serving, trust

USUAL = timedelta(seconds=INTERVAL_SECONDS)
"""No push tells its window: by its arrival it is taken for one of this length."""


class Landing(Endpoint):
    """An endpoint that keeps each body in a file, in a folder for each address.

    `form` is a destination_conf with a place for the port and for the address' last word.
    """

    def __init__(self, folder: Path, *, form: str) -> None:
        super().__init__()
        self.names: defaultdict[str, list[str]] = defaultdict(list)  # of the files, by folder
        self._folder = folder / "landed"
        self._form = form
        self._authority = trustme.CA()
        self.clock: Clock = SystemClock()  # by which it names what arrives

    def conf(self, path: str) -> str:
        """Return the destination_conf of the address that stands for a path."""
        return self._form.format(port=self.port, word=word_of(path))

    def read(self, path: str) -> str:
        """Return the destination_conf of its folder."""
        return f"{(self._folder / word_of(path)).as_uri()}/"

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Have this process trust its certificate."""
        self._folder.mkdir()
        file = trust(self._authority, self._folder.with_suffix(".pem"))
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("SSL_CERT_FILE", str(file))
            yield

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Take pushes until the block is left."""
        async with serving(self, context_of(self._authority.issue_cert(HOST))):
            yield

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = await super().take(request)
        sent = self.requests.pop()
        word = sent.target.rpartition("/")[2]
        (self._folder / word).mkdir(exist_ok=True)
        if sent.body not in {b"test", TEST_BODY}:
            names, now = self.names[word], self.clock.now()
            names.append(f"{name_time(now - USUAL)}_{name_time(now)}_{len(names):08x}.log.gz")
            (self._folder / word / names[-1]).write_bytes(sent.body)
        return answer


def word_of(path: str) -> str:
    """Return a path as one word of an address: a Sumo source's has no more."""
    return path.strip("/").replace("/", ".")
