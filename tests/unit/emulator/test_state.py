"""The state outlives its process, belongs to one of them, and refuses files not its own."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from receiver.emulator.cloud import AuditEntry, Scope
from receiver.emulator.state import SqliteState
from receiver.errors import ConfigError, ResultLost

ZONE = Scope(kind="zones", id="0" * 32)
ACCOUNT = Scope(kind="accounts", id="0" * 32)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIELDS = {"enabled": False, "destination_conf": "s3://b?region=x", "output_options": {"a": [1]}}


def entry(action: str = "create") -> AuditEntry:
    return msgspec.convert(
        {
            "id": "5f0c",
            "when": NOON,
            "scope": msgspec.to_builtins(ZONE),
            "action": action,
            "actor_email": "a@example.com",
            "actor_id": "1",
            "interface": "API",
            "job_id": 0,
            "old_value": "",
            "new_value": "{}",
        },
        AuditEntry,
    )


@pytest.fixture(params=["file", "memory"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteState]:
    with closing(SqliteState(tmp_path / "state" if request.param == "file" else None)) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


class TestState:
    def test_a_job_is_kept_under_the_next_id(self, state: SqliteState) -> None:
        first, second = state.add(ZONE, FIELDS, entry()), state.add(ACCOUNT, FIELDS, entry())
        assert (first.id, second.id) == (1, 2)
        assert first.fields == FIELDS | {"id": 1}
        assert not first.enabled
        assert state.jobs() == [first, second]
        assert state.jobs(ZONE) == [first]
        assert state.job(2) == second
        assert state.job(3) is None

    def test_the_audit_entry_learns_the_id(self, state: SqliteState) -> None:
        state.add(ZONE, FIELDS, entry())
        assert [each.job_id for each in state.audit()] == [1]

    def test_no_id_is_given_twice(self, state: SqliteState) -> None:
        state.remove(state.add(ZONE, FIELDS, entry()).id, entry("delete"))
        assert state.jobs() == []
        assert state.add(ZONE, FIELDS, entry()).id == 2
        assert [each.action for each in state.audit()] == ["create", "delete", "create"]

    def test_an_update_counts_and_progress_does_not(self, state: SqliteState) -> None:
        job = state.add(ZONE, FIELDS, entry())
        pushed = state.progress(job.id, pushed_until=NOON, last_error="x", enabled=True)
        assert pushed is not None
        assert (pushed.changed, pushed.pushed_until, pushed.enabled) == (job.changed, NOON, True)
        updated = state.update(job, entry("update"))  # of before the push: that must not be lost
        assert (updated.changed, updated.pushed_until) == (job.changed + 1, NOON)
        assert updated.fields == job.fields

    def test_a_time_alone_leaves_the_fields_and_fields_alone_the_time(
        self, state: SqliteState
    ) -> None:
        job = state.add(ZONE, FIELDS, entry())
        state.progress(job.id, pushed_until=NOON)
        found = state.progress(job.id, last_complete="2026-11-22T12:00:00Z", error_message=None)
        assert found is not None
        assert found.pushed_until == NOON
        assert found.fields["last_complete"] == "2026-11-22T12:00:00Z"

    def test_a_deleted_job_makes_no_progress(self, state: SqliteState) -> None:
        assert state.progress(7, pushed_until=NOON) is None

    def test_the_secret_is_made_once(self, state: SqliteState) -> None:
        assert state.secret() == state.secret()
        assert len(state.secret()) == 32

    def test_a_call_that_fails_has_done_nothing(self, state: SqliteState) -> None:
        with pytest.raises(TypeError):
            state.add(ZONE, FIELDS | {"x": object()}, entry())
        assert state.jobs() == []
        assert state.audit() == []


class TestRestart:
    def test_everything_is_there_again(self, path: Path) -> None:
        with closing(SqliteState(path)) as state:
            job, secret = state.add(ZONE, FIELDS, entry()), state.secret()
            state.progress(job.id, pushed_until=NOON)
            jobs, audit = state.jobs(), state.audit()
        with closing(SqliteState(path)) as state:
            assert (state.jobs(), state.audit(), state.secret()) == (jobs, audit, secret)

    def test_a_process_that_is_killed_loses_nothing(self, path: Path) -> None:
        script = f"""
import os
from pathlib import Path
from receiver.emulator.state import SqliteState
from tests.unit.emulator.test_state import FIELDS, ZONE, entry
state = SqliteState(Path({str(path)!r}))
for _ in range(3):
    state.add(ZONE, FIELDS, entry())
os._exit(9)
"""
        root = Path(__file__).parents[3]
        done = subprocess.run([sys.executable, "-c", script], cwd=root, check=False)
        assert done.returncode == 9
        with closing(SqliteState(path)) as state:
            assert [job.id for job in state.jobs()] == [1, 2, 3]


class TestFile:
    @pytest.mark.parametrize("mask", [0o000, 0o022])
    def test_only_its_owner_may_read_it(self, path: Path, mask: int) -> None:
        before = os.umask(mask)
        try:
            with closing(SqliteState(path)) as state:
                state.add(ZONE, FIELDS, entry())
                files = sorted(path.parent.iterdir())
                assert path in files
                assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        finally:
            os.umask(before)

    def test_rights_that_were_opened_are_closed_again(self, path: Path) -> None:
        SqliteState(path).close()
        path.chmod(0o644)
        SqliteState(path).close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_it_belongs_to_one_process(self, path: Path) -> None:
        with (
            closing(SqliteState(path)),
            pytest.raises(ConfigError, match="another process has the state open"),
        ):
            SqliteState(path)

    def test_what_is_no_database_is_refused_and_left_alone(self, path: Path) -> None:
        path.write_text("my notes\n" * 1000)
        with pytest.raises(ConfigError, match=f"{path}: no SQLite file"):
            SqliteState(path)
        assert path.read_text() == "my notes\n" * 1000

    def test_another_programs_database_is_refused_and_left_alone(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE job (id)")
        path.chmod(0o644)
        before = path.read_bytes()
        with pytest.raises(ConfigError, match="another program's database"):
            SqliteState(path)
        assert path.read_bytes() == before
        assert stat.S_IMODE(path.stat().st_mode) == 0o644

    def test_another_version_is_refused(self, path: Path) -> None:
        SqliteState(path).close()
        with closing(sqlite3.connect(path)) as ours:
            ours.execute("PRAGMA user_version = 99")
        with pytest.raises(ConfigError, match="schema 99"):
            SqliteState(path)

    def test_a_page_that_was_overwritten_is_found_at_the_start(self, path: Path) -> None:
        with closing(SqliteState(path)) as state:
            for _ in range(50):
                state.add(ZONE, FIELDS, entry())
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
        with pytest.raises(ConfigError, match=f"{path}: the state is damaged"):
            SqliteState(path)

    def test_what_we_never_write_is_found_at_the_start(self, path: Path) -> None:
        with closing(SqliteState(path)) as state:
            state.add(ZONE, FIELDS, entry())
        with closing(sqlite3.connect(path)) as ours:
            ours.execute("UPDATE job SET fields = 'nonsense'")
            ours.commit()
        with pytest.raises(ConfigError, match=f"{path}: the state is damaged"):
            SqliteState(path)

    def test_a_place_that_cannot_hold_it_is_named(self, path: Path) -> None:
        with pytest.raises(ConfigError, match="No such file or directory"):
            SqliteState(path / "state")
        with pytest.raises(ConfigError, match="Is a directory"):
            SqliteState(path.parent)

    @pytest.mark.parametrize("place", ["/dev/full", "/proc/version"])
    def test_a_sick_disk_is_not_taken_for_a_damaged_file(self, place: str) -> None:
        if not Path(place).exists():
            pytest.skip("this machine has none")
        with pytest.raises(ConfigError, match="cannot be kept there") as error:
            SqliteState(Path(place))
        assert "delete" not in str(error.value)

    def test_a_full_disk_loses_nothing_that_was_kept(self, state: SqliteState) -> None:
        kept = state.add(ZONE, FIELDS, entry())
        pages = state._connection.execute("PRAGMA page_count").fetchone()[0]
        state._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(ResultLost, match="full"):
            state.add(ZONE, FIELDS | {"name": "x" * 100_000}, entry())
        assert state.jobs() == [kept]
        assert len(state.audit()) == 1
        state._connection.execute("PRAGMA max_page_count = 1000000")
        assert state.add(ZONE, FIELDS, entry()).id == 2

    def test_a_state_that_cannot_be_kept_says_so(self, path: Path) -> None:
        state = SqliteState(path)
        state.close()
        with pytest.raises(ResultLost, match=str(path)):
            state.jobs()
