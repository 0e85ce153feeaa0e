"""Chooses the search for a destination's challenge: in its store, or in Sumo Logic's messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.ownership.challenge import Search
from receiver.ownership.store_search import StoreSearch
from receiver.store.open import open_store


@asynccontextmanager
async def open_search(
    destination: Destination,
    *,
    clock: Clock,
    filename: str | None = None,
    endpoint_url: str | None = None,
    sumo_scope: str = "",
) -> AsyncIterator[Search]:
    """Open the search for the challenge of a destination, by its name if that is given.

    Raises:
        ConfigError: nothing can be read back from there.
        StoreError: the store cannot be opened.
    """
    if destination.scheme is Scheme.SUMO:
        from receiver.ownership.sumo_search import SumoSearch
        from receiver.store.sumo import open_sumo

        async with open_sumo(destination, clock=clock, endpoint_url=endpoint_url) as sumo:
            yield SumoSearch(
                destination, sumo=sumo, clock=clock, filename=filename, scope=sumo_scope
            )
        return
    async with open_store(destination, clock=clock, endpoint_url=endpoint_url) as store:
        yield StoreSearch(destination, store=store, clock=clock, filename=filename)
