"""What the daemon remembers of its own, by name."""

from sqlalchemy import select

from receiver.ledger.database import Database
from receiver.ledger.tables import memory


async def recall(database: Database, name: str) -> bytes | None:
    """Return the content; None where there is none."""
    asked = select(memory.c.content).where(memory.c.name == name)
    async with database.reading() as connection:
        content = (await connection.execute(asked)).scalar()
    return None if content is None else bytes(content)


async def remember(database: Database, name: str, content: bytes) -> None:
    """Keep the content in the place of what was there."""
    added = database.insert(memory).values(name=name, content=content)
    added = added.on_conflict_do_update(index_elements=["name"], set_={"content": content})
    async with database.writing() as connection:
        await connection.execute(added)
