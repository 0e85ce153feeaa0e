"""Places by their numbers: an Entry holds the number, for ten million hold the same few names."""

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from receiver.ledger.database import Database
from receiver.ledger.tables import place


class Places:
    """The numbers of places, remembered: a place is never forgotten or renamed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, int] = {}

    async def find(self, name: str) -> int | None:
        """Return a place's number; None where nothing was ever seen there."""
        if name not in self._numbers:
            await self._load()
        return self._numbers.get(name)

    async def make(self, name: str) -> int:
        """Return a place's number, given to it if need be."""
        number = await self.find(name)
        if number is None:
            async with self._database.writing() as connection:
                added = self._database.insert(place).values(name=name)
                await connection.execute(added.on_conflict_do_nothing(index_elements=["name"]))
            number = await self.find(name)
        assert number is not None
        return number

    async def names(self) -> Mapping[int, str]:
        """Return all places' names by their numbers."""
        await self._load()
        return {number: name for name, number in self._numbers.items()}

    async def _load(self) -> None:
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(place.c.name, place.c.id))).all()
        self._numbers = {row.name: row.id for row in rows}


async def count(connection: AsyncConnection, place_id: int, more: int) -> None:
    """Note that a place has so many Entries more, or less: the last that a transaction does.

    Others wait for it; whoever counts several places does so in the order of their numbers.
    """
    changed = update(place).where(place.c.id == place_id).values(entries=place.c.entries + more)
    await connection.execute(changed)
