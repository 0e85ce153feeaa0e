"""How far each prefix was listed."""

from sqlalchemy import select

from receiver.ledger.database import Database
from receiver.ledger.ledger import Position
from receiver.ledger.tables import position


async def find(database: Database, place_id: int, prefix: str) -> Position | None:
    """Return a prefix's Position; None where it was never listed."""
    asked = select(position).where(position.c.place_id == place_id, position.c.prefix == prefix)
    async with database.reading() as connection:
        row = (await connection.execute(asked)).first()
    if row is None:
        return None
    return Position(
        prefix=row.prefix, after=row.after, listed_at=row.listed_at, walked_at=row.walked_at
    )


async def note(database: Database, place_id: int, given: Position) -> None:
    """Note a Position in the place of the one before."""
    there = {"after": given.after, "listed_at": given.listed_at, "walked_at": given.walked_at}
    added = database.insert(position).values(place_id=place_id, prefix=given.prefix, **there)
    added = added.on_conflict_do_update(index_elements=["place_id", "prefix"], set_=there)
    async with database.writing() as connection:
        await connection.execute(added)
