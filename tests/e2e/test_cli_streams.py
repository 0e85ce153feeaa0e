"""Standard streams that are closed, full, or that nobody reads: a line at the most, and a code."""

import gzip
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND, SECONDS_MAX, Terminal

LINE = b'{"RayID":"81757afa606ec6a2","EdgeStartTimestamp":1795306500000000000}\n'
OPTIONS = "fields=RayID,EdgeStartTimestamp"
FULL = Path("/dev/full")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    for minute in (15, 16):
        name = f"20261122T00{minute}00Z_20261122T00{minute + 1}00Z_9af500e2.log.gz"
        (folder / name).write_bytes(gzip.compress(LINE))
    return folder


def shell(
    *arguments: str | Path, streams: str, folder: Path
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command in a folder, its streams as a shell's redirections say."""
    words = shlex.join([*COMMAND, *map(str, arguments)])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{words} {streams}"],
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
        cwd=folder,
        env=ENVIRONMENT,
    )
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") <= 1
    return done


def test_a_device_without_bytes_ends_at_once(tmp_path: Path) -> None:
    done = shell("verify", "-", "--options", OPTIONS, streams="< /dev/null", folder=tmp_path)
    assert done.returncode == 1
    assert b"gzip-truncated" in done.stdout


@pytest.mark.parametrize("arguments", [["-", "--options", OPTIONS], [".", "--job", "-"]])
def test_a_closed_standard_input_is_a_mistake(arguments: list[str], tmp_path: Path) -> None:
    done = shell("verify", *arguments, streams="<&-", folder=tmp_path)
    assert done.returncode == 2
    assert b"standard input is closed; pipe" in done.stderr


def test_a_standard_input_for_writing_only_is_a_mistake(tmp_path: Path) -> None:
    done = shell("verify", "-", "--options", OPTIONS, streams="0>file", folder=tmp_path)
    assert done.returncode == 2
    assert b"standard input cannot be read" in done.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_neither_the_code_nor_a_file(
    logs: Path, tmp_path: Path, closed: str, processes: str
) -> None:
    asked = ("verify", logs, "--options", OPTIONS, "-j", processes, "-o", "r.json")
    done = shell(*asked, streams=closed, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads((tmp_path / "r.json").read_text())["totals"]["records"] == 2


@needs_full
def test_a_result_that_cannot_be_printed_is_not_lost_in_the_files(
    logs: Path, tmp_path: Path
) -> None:
    asked = ("verify", logs, "--options", OPTIONS, "-o", "r.json")
    done = shell(*asked, streams="> /dev/full", folder=tmp_path)
    assert done.returncode == 3
    assert b"standard output: No space left on device" in done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "pass"


@needs_full
def test_a_file_that_takes_no_more_costs_the_others_nothing(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "full.json").symlink_to(FULL)
    asked = ("verify", logs, "--options", OPTIONS, "-o", "full.json", "-o", "r.json")
    done = shell(*asked, streams="", folder=tmp_path)
    assert done.returncode == 3
    assert b"full.json: No space left on device" in done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "pass"


@needs_full
@pytest.mark.parametrize("asked", [["--help"], ["explain"]])
def test_whatever_cannot_be_printed_is_told(asked: list[str], tmp_path: Path) -> None:
    done = shell(*asked, streams="> /dev/full", folder=tmp_path)
    assert done.returncode == 3
    assert b"No space left on device" in done.stderr


@pytest.mark.parametrize("asked", [["verify", "nope", "--job", "x"], ["verify", "--bogus"], []])
def test_complaints_that_nobody_hears_change_no_code(asked: list[str], tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, *asked], stderr=writer, cwd=tmp_path, check=False, env=ENVIRONMENT
    )
    os.close(writer)
    assert done.returncode == 2


def test_ctrl_c_is_quiet_while_the_program_is_being_loaded() -> None:
    code = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'receiver.cli.verify':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from receiver.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_an_interrupted_demo_names_the_folder_that_it_leaves(tmp_path: Path) -> None:
    folder = tmp_path / "a day"
    process = subprocess.Popen(
        [*COMMAND, "demo", "--keep", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (folder / "http").exists() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 130
    assert f"rm -r '{folder}'".encode() in out + err


def test_what_was_asked_again_is_told_above_the_progress_bar(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    nobody = ("--endpoint-url", "http://127.0.0.1:1")
    terminal = Terminal("verify", "s3://b/x/", "--options", OPTIONS, *nobody, environment=keys)
    terminal.until("\x1b[2Klogpush-receiver: s3://b: no answer")
    terminal.interrupt()
    assert terminal.end() == 130
