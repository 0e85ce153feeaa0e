"""The API of the tests' own, and a client whose clock waits for nothing."""

from collections.abc import AsyncIterator, Iterator
from random import Random

import pytest
from yarl import URL

from receiver.api.client import LogpushApi, open_api
from receiver.api.credentials import Credentials
from receiver.api.scope import Scope
from receiver.secret import Secret
from tests.servers.logpush_api import TOKEN, ZONE, LogpushServer, logpush_server
from tests.unit.virtual_clock import VirtualClock


@pytest.fixture
def server() -> Iterator[LogpushServer]:
    with logpush_server() as running:
        yield running


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def scope() -> Scope:
    return Scope(kind="zone", id=ZONE)


@pytest.fixture
async def api(server: LogpushServer, clock: VirtualClock) -> AsyncIterator[LogpushApi]:
    credentials = Credentials(token=Secret(TOKEN))
    base_url = URL(server.url)
    async with open_api(credentials, base_url=base_url, clock=clock, random=Random(1)) as opened:
        yield opened
