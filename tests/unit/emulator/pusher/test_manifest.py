"""The manifest: what was written is read back, whatever became of the writer."""

import json
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from receiver.emulator.pusher.manifest import Counted, Delivered, Manifest, read_manifest
from receiver.errors import ConfigError, ResultLost
from tests.unit.emulator.pusher.planning import MINUTE, START, deliver, fault, fault_plan, job

COUNTED = Counted(
    job=146, window=(START, START + MINUTE), before_filter=900, before_sample=600, kept=60
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "m")
    (late,) = deliver(fault_plan(fault("late"), of=job()), 0)
    (spoiled,) = deliver(fault_plan(fault("field-missing"), of=job()), 1)
    manifest.write([COUNTED])
    manifest.delivered(146, late)
    manifest.delivered(146, spoiled)
    manifest.close()
    counted, first, second = read_manifest(tmp_path / "m")
    assert counted == COUNTED
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    assert (first.kind, first.key, first.job, first.records) == ("late", late.key, 146, 40)
    assert (first.window, first.stored_bytes) == (late.window, len(late.body))
    assert timedelta(seconds=first.after_seconds) == late.after
    assert second.planted == spoiled.planted != ()


def test_every_line_is_json_that_says_what_it_is(tmp_path: Path) -> None:
    plan = fault_plan(fault("gap"), manifest=Manifest(tmp_path / "m"))
    deliver(plan, 0)
    plan.manifest.write([COUNTED])
    plan.manifest.close()
    lines = [json.loads(line) for line in (tmp_path / "m").read_text().splitlines()]
    assert [line["entry"] for line in lines] == ["fault", "window"]
    assert lines[0]["kind"] == "gap"
    assert lines[0]["window"] == ["2026-03-22T10:00:00Z", "2026-03-22T10:01:00Z"]


def test_several_threads_write_whole_lines(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "m")
    (late,) = deliver(fault_plan(fault("late"), of=job()), 0)
    with ThreadPoolExecutor(8) as threads:
        for number in range(1, 200):
            threads.submit(manifest.delivered, number, late)
    manifest.close()
    entries = read_manifest(tmp_path / "m")
    assert {each.job for each in entries} == set(range(1, 200))


def test_a_line_is_there_when_its_writer_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from receiver.emulator.pusher.manifest import Manifest\n"
        "from tests.unit.emulator.pusher.test_manifest import COUNTED\n"
        "manifest = Manifest(Path(sys.argv[1])); manifest.write([COUNTED]); print('written')\n"
        "sys.stdout.flush(); time.sleep(60)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "m")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        writer.send_signal(signal.SIGKILL)
    assert read_manifest(tmp_path / "m") == [COUNTED]


def test_a_line_that_was_cut_short_is_no_entry_and_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "m"
    _write(path, COUNTED)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert read_manifest(path) == [COUNTED]
    later = Counted(job=147, window=COUNTED.window, before_filter=1, before_sample=1, kept=1)
    _write(path, later)
    assert read_manifest(path) == [COUNTED, later]
    path.write_bytes(whole[:20])
    _write(path, later)
    assert read_manifest(path) == [later]


def test_an_entry_that_comes_again_after_a_crash_is_read_once(tmp_path: Path) -> None:
    _write(tmp_path / "m", COUNTED)
    _write(tmp_path / "m", COUNTED)
    assert read_manifest(tmp_path / "m") == [COUNTED]


def test_a_file_that_is_no_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none: No such file"):
        read_manifest(tmp_path / "none")
    for text in (b"{}\n", b"[1]\n", b"\xff\n", b'{"entry":"other"}\n', b"[" * 9999 + b"\n"):
        (tmp_path / "m").write_bytes(text)
        with pytest.raises(ConfigError, match="entry 1 is none of a manifest"):
            read_manifest(tmp_path / "m")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the manifest needs a place"):
        Manifest(tmp_path / "none" / "m")


def test_a_file_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text("seed = 1")
    with pytest.raises(ConfigError, match="this is no manifest"):
        Manifest(tmp_path / "plan.toml")
    assert (tmp_path / "plan.toml").read_text() == "seed = 1"


def test_a_place_that_fills_up_is_told(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "m")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(ResultLost, match="m: File too large; the manifest needs a place"):
            manifest.write([COUNTED])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    manifest.close()
    assert read_manifest(tmp_path / "m") == []


def test_without_a_path_nothing_is_kept() -> None:
    manifest = Manifest()
    manifest.write([COUNTED])
    manifest.close()


def _write(path: Path, entry: Counted) -> None:
    manifest = Manifest(path)
    manifest.write([entry])
    manifest.close()
