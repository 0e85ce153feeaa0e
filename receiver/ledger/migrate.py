"""A ledger's tables made, or brought from an older version to ours, by whoever comes first."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from receiver.errors import LedgerInvalid
from receiver.ledger import migrations
from receiver.ledger.database import Database
from receiver.ledger.migrations import HEAD, VERSION_TABLE

_LOCK: Final = int.from_bytes(b"LPRL")


async def bring_up_to_date(database: Database) -> None:
    """Run the steps that are missing, all in one transaction; others wait until it is done.

    Raises:
        LedgerInvalid: it is another program's, or a newer version's.
    """
    async with database.reading() as connection:
        if await connection.run_sync(_version, database.name) == HEAD:
            return
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if await connection.run_sync(_version, database.name) != HEAD:
            await connection.run_sync(upgrade, HEAD)


def upgrade(connection: Connection, revision: str) -> None:
    """Run Alembic up to a step, in the connection's transaction."""
    from alembic import command  # a ledger that is up to date is opened without
    from alembic.config import Config

    config = Config()
    folder = str(Path(migrations.__file__).parent)
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _version(connection: Connection, name: str) -> str | None:
    """Return the step that the tables are at; None where there is no table.

    Raises:
        LedgerInvalid: there are tables, and none of ours; or the step is not known.
    """
    tables = inspect(connection).get_table_names()
    if VERSION_TABLE not in tables:
        if tables:
            raise LedgerInvalid(
                f"{name}: another program's tables are in it; give the ledger a database of its own"
            )
        return None
    version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    if version is not None and not _known(version):
        raise LedgerInvalid(
            f"{name}: a newer version of logpush-receiver has written it (step {version}, we know"
            f" {HEAD}); run that version, or name another ledger"
        )
    return version


def _known(version: str) -> bool:
    return version.isascii() and version.isdigit() and version <= HEAD
