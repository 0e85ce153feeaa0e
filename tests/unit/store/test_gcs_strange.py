"""Answers in Google's name that make no sense: unavailable, and never another error."""

import json
from collections.abc import AsyncIterator

import pytest

from receiver.destination.parse import parse_destination
from receiver.errors import StoreUnavailable
from receiver.store.gcs import open_gcs
from tests.servers.answering import Answering, answering

ITEM = {
    "name": "logs/a",
    "generation": "1",
    "size": "3",
    "timeCreated": "2026-11-22T10:15:00.123Z",
}
DESTINATION = parse_destination("gs://logs/http")


@pytest.fixture
async def server() -> AsyncIterator[Answering]:
    async with answering() as server:
        yield server


@pytest.mark.parametrize(
    "spoilt",
    [
        {"timeCreated": "yesterday"},
        {"timeCreated": "2026-11-22T10:15:00"},  # no zone
        {"timeCreated": "99999-01-01T00:00:00Z"},
        {"timeCreated": None},
        {"size": "many"},
        {"size": "-1"},
        {"size": "9" * 5000},
        {"generation": 1},
    ],
)
async def test_an_object_that_makes_no_sense_is_unavailable(
    server: Answering, spoilt: dict[str, object]
) -> None:
    item = ITEM | spoilt
    async with open_gcs(DESTINATION, endpoint_url=server.url, anonymous=True) as store:
        server.body = json.dumps({"items": [item]})
        with pytest.raises(StoreUnavailable, match="not the API's"):
            await store.list("")
        server.body = json.dumps(item)
        with pytest.raises(StoreUnavailable, match="not the API's"):
            await store.find("logs/a")


async def test_a_time_at_the_calendars_end_is_taken(server: Answering) -> None:
    async with open_gcs(DESTINATION, endpoint_url=server.url, anonymous=True) as store:
        for said, year in (("9999-12-31T23:59:59Z", 9999), ("9999-12-31T23:59:59-05:00", 1970)):
            server.body = json.dumps(ITEM | {"timeCreated": said})
            found = await store.find("logs/a")
            assert (found.arrived_at.year, found.arrived_at.tzname()) == (year, "UTC")
