"""A configuration read again: a bad one changes nothing, and what is open stays open."""

from datetime import timedelta
from pathlib import Path

from receiver.daemon.reload import reload
from receiver.daemon.settings import read_settings
from tests.unit.daemon.configuring import SMALLEST, fields, write


def test_nothing_changed(tmp_path: Path) -> None:
    path = write(tmp_path)
    running = read_settings(path)
    found = reload(path, running)
    assert found.settings == running
    assert (found.refused, found.changed, found.restart) == ("", (), ())


def test_what_changed_is_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    running = read_settings(path)
    write(tmp_path, SMALLEST + '[watch]\nlateness = "2d"\n', job=fields(id=147))
    found = reload(path, running)
    assert found.changed == ("[watch] lateness", "[[jobs]]")
    assert found.settings.watch.lateness == timedelta(days=2)
    assert found.settings.jobs[0].fixed[0].id == 147


def test_a_bad_file_leaves_the_old_one_running_and_says_why(tmp_path: Path) -> None:
    path = write(tmp_path)
    running = read_settings(path)
    for bad in (SMALLEST + "[wacth]\n", "[", SMALLEST.replace("job.json", "gone.json")):
        path.write_text(bad)
        found = reload(path, running)
        assert found.settings is running
        assert found.refused.startswith(f"{path}: ")
        assert found.refused.endswith("the daemon runs on as before")
    path.unlink()
    assert "No such file" in reload(path, running).refused


def test_what_needs_a_restart_is_said_and_its_table_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a token")
    open_to_all = SMALLEST.replace("127.0.0.1:8788", '0.0.0.0:80"\ntoken = "@token')
    path = write(tmp_path, open_to_all)
    running = read_settings(path)
    path.write_text(SMALLEST.replace("receiver.db", 'other.db"\nkeep_reports = "1d'))
    found = reload(path, running)
    assert found.restart == (
        "[ledger] url",
        "[ledger] keep_reports",
        "[status] listen",
        "[status] token",
    )
    assert found.settings.status.guarded  # else it would be open to all from now on
    assert found.settings == running
