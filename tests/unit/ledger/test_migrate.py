"""The steps of the migrations lead to what tables.py says, from nothing and from each version."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Text, create_engine

from receiver.ledger import migrations
from receiver.ledger.columns import Exact
from receiver.ledger.migrate import upgrade
from receiver.ledger.migrations import HEAD, VERSION_TABLE
from receiver.ledger.open import open_ledger
from receiver.ledger.tables import metadata
from tests.conformance.ledger_suite import judge, listed, obj


def differences(connection: Connection) -> list[Any]:
    def differ(_context: Any, _there: Any, _ours: Any, there: Any, ours: Any) -> bool:
        if isinstance(ours, Exact):  # asyncpg's dialect calls it VARCHAR, which sorts alike
            bytewise = there.collation == "C" or connection.dialect.name == "sqlite"
            return not (isinstance(there, Text) and bytewise)
        return bool(there.compile(connection.dialect) != ours.compile(connection.dialect))

    options = {"version_table": VERSION_TABLE, "compare_type": differ}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


def test_the_head_is_the_last_step() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [HEAD]
    assert all(each.revision.isdigit() for each in scripts.walk_revisions())


async def test_a_new_ledger_has_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    async with open_ledger(f"sqlite:///{path}"):
        pass
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


async def test_a_ledger_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    async with open_ledger(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            if not name.startswith("sqlite_"):
                connection.execute(f"DROP TABLE {name}")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection, "0001")
    engine.dispose()
    async with open_ledger(f"sqlite:///{path}") as ledger:
        assert len(await judge(ledger, obj())) == 1
    async with open_ledger(f"sqlite:///{path}") as ledger:
        assert len(await listed(ledger)) == 1


async def test_a_database_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from receiver.ledger.open import open_ledger\n"
        "async def use(url):\n"
        "    async with open_ledger(url): pass\n"
        "asyncio.run(use(sys.argv[1]))\n"
        "print('alembic' in sys.modules)\n"
    )

    said = [
        subprocess.run(
            [sys.executable, "-c", program, f"sqlite:///{tmp_path}/x.db"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["True", "False"]
