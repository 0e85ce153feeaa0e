"""What the local Logpush knows, kept in one SQLite file or, for --ephemeral, in memory."""

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from receiver.emulator.cloud import AuditEntry, CloudJob, Scope
from receiver.emulator.state_file import open_database
from receiver.errors import ConfigError, ResultLost

_SECRET_BYTES: Final = 32  # RFC 7518 3.2: HS256 wants a key of 256 bits or more
_SELECT: Final = "SELECT id, kind, scope, fields, pushed_until, changed FROM job"


class SqliteState:
    """State in a SQLite file; None for one in memory, gone with the process.

    Raises:
        ConfigError: the file cannot be used; the message names it and the remedy.
    """

    def __init__(self, path: Path | None) -> None:
        self._name = str(path) if path else "the state in memory"
        self._lock = threading.RLock()
        self._connection = open_database(path)
        try:
            self._read_all()
        except ConfigError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Leave the file to others."""
        with self._lock:
            self._connection.close()

    def jobs(self, scope: Scope | None = None) -> list[CloudJob]:
        """Return the jobs of a scope, or all, by id."""
        with self._transaction() as database:
            if scope is None:
                rows = database.execute(f"{_SELECT} ORDER BY id")
            else:
                rows = database.execute(
                    f"{_SELECT} WHERE kind = ? AND scope = ? ORDER BY id", _key(scope)
                )
            return [_job(row) for row in rows]

    def job(self, job_id: int) -> CloudJob | None:
        """Return a job, or None."""
        with self._transaction() as database:
            return _find(database, job_id)

    def add(self, scope: Scope, fields: dict[str, Any], audit: AuditEntry) -> CloudJob:
        """Keep a new job under the next id; no id is given twice, a deleted job's neither."""
        with self._transaction() as database:
            cursor = database.execute(
                "INSERT INTO job (kind, scope, fields, changed) VALUES (?, ?, '{}', 1)", _key(scope)
            )
            job_id = cursor.lastrowid
            assert job_id is not None
            _write_fields(database, job_id, fields | {"id": job_id})
            _note(database, msgspec.structs.replace(audit, job_id=job_id))
            return _known(database, job_id)

    def update(self, job: CloudJob, audit: AuditEntry) -> CloudJob:
        """Keep a job's new fields. How far it was pushed is the pusher's to say, and stays."""
        with self._transaction() as database:
            _write_fields(database, job.id, job.fields)
            database.execute("UPDATE job SET changed = changed + 1 WHERE id = ?", (job.id,))
            _note(database, audit)
            return _known(database, job.id)

    def remove(self, job_id: int, audit: AuditEntry) -> None:
        """Forget a job, but not what was done to it."""
        with self._transaction() as database:
            database.execute("DELETE FROM job WHERE id = ?", (job_id,))
            _note(database, audit)

    def progress(
        self, job_id: int, *, pushed_until: datetime | None = None, **fields: Any
    ) -> CloudJob | None:
        """Note how pushing went; None if the job is no more. `changed` stays as it is."""
        with self._transaction() as database:
            job = _find(database, job_id)
            if job is None:
                return None
            if fields:
                _write_fields(database, job_id, job.fields | fields)
            if pushed_until is not None:
                database.execute(
                    "UPDATE job SET pushed_until = ? WHERE id = ?",
                    (pushed_until.isoformat(), job_id),
                )
            return _known(database, job_id)

    def audit(self) -> list[AuditEntry]:
        """Return all entries, oldest first."""
        with self._transaction() as database:
            rows = database.execute("SELECT entry FROM audit ORDER BY number")
            return [msgspec.json.decode(entry, type=AuditEntry) for (entry,) in rows]

    def secret(self) -> bytes:
        """Return the key that signs ownership tokens, made at the first call and kept."""
        with self._transaction() as database:
            kept = database.execute("SELECT value FROM secret").fetchone()
            if kept is not None:
                return bytes(kept[0])
            made = secrets.token_bytes(_SECRET_BYTES)
            database.execute("INSERT INTO secret VALUES (1, ?)", (made,))
            return made

    def _read_all(self) -> None:
        """Read all of it once: what is damaged is found now, not when a job is due."""
        try:
            self.jobs()
            self.audit()
        except (ValueError, ResultLost) as error:  # our own JSON does not look so
            raise ConfigError(
                f"{self._name}: the state is damaged: restore it, or delete it and begin anew"
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of it or nothing; the API and the pusher may be of different threads."""
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN")
                yield self._connection
        except sqlite3.Error as error:
            raise ResultLost(f"{self._name}: the state could not be kept: {error}") from error


def _key(scope: Scope) -> tuple[str, str]:
    return (scope.kind, scope.id)


def _job(row: tuple[Any, ...]) -> CloudJob:
    job_id, kind, scope, fields, pushed_until, changed = row
    return CloudJob(
        id=job_id,
        scope=Scope(kind=kind, id=scope),
        fields=msgspec.json.decode(fields, type=dict[str, Any]),
        pushed_until=datetime.fromisoformat(pushed_until) if pushed_until else None,
        changed=changed,
    )


def _find(database: sqlite3.Connection, job_id: int) -> CloudJob | None:
    row = database.execute(f"{_SELECT} WHERE id = ?", (job_id,)).fetchone()
    return _job(row) if row else None


def _known(database: sqlite3.Connection, job_id: int) -> CloudJob:
    job = _find(database, job_id)
    assert job is not None, "the caller looked for it in the same breath"
    return job


def _write_fields(database: sqlite3.Connection, job_id: int, fields: dict[str, Any]) -> None:
    text = msgspec.json.encode(fields).decode()
    database.execute("UPDATE job SET fields = ? WHERE id = ?", (text, job_id))


def _note(database: sqlite3.Connection, entry: AuditEntry) -> None:
    text = msgspec.json.encode(entry).decode()
    database.execute("INSERT INTO audit (entry) VALUES (?)", (text,))
