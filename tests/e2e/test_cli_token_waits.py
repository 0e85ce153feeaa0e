"""`token --wait`: until a challenge is there or the time is up, and what is said meanwhile."""

import re
import signal
import subprocess
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.asking import PLAIN, Asker, put, reason_of
from tests.e2e.command import COMMAND, Terminal

NAME = "ownership-challenge-1a2b.txt"


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    return Asker(tmp_path)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def put_then(ask: Asker, folder: Path) -> AbstractContextManager[None]:
    """Write the challenge as soon as a command in the block has looked in vain."""
    return ask.once(" yet; waiting until ", lambda: put(folder, NAME))


def on_screen(shown: str) -> list[str]:
    """Return the lines that a terminal still shows after all that was written to it."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", shown):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part == "\x1b[1A":
            row -= 1
        elif part != "\r" and not part.startswith("\x1b"):
            lines[row] += part
    return [line for line in lines if line]


# --- what comes ---


def test_a_challenge_that_comes_later_is_found(ask: Asker, logs: Path) -> None:
    with put_then(ask, logs):
        ended = ask("token", f"file://{logs}", "--wait", "30s")
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
    first, then, last = ended.err.splitlines()
    assert re.fullmatch(rf".* looking in file://{logs}; waiting until [0-9:]{{8}} UTC", first)
    assert re.fullmatch(
        rf".* no challenge in file://{logs} yet; waiting until [0-9:]{{8}} UTC", then
    )
    assert last.startswith(f"found {NAME}")


def test_a_name_that_is_given_is_waited_for_whatever_else_is_there(ask: Asker, logs: Path) -> None:
    put(logs, "ownership-challenge-old.txt", ask.token_of({"old": 1}))
    with put_then(ask, logs):
        ended = ask("token", f"file://{logs}", "--filename", NAME, "--wait", "30s")
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")


def test_a_token_that_has_expired_is_waited_past(ask: Asker, logs: Path) -> None:
    old = ask.token_of({"exp": int((datetime.now(UTC) - timedelta(days=1)).timestamp())})
    put(logs, "ownership-challenge-old.txt", old, age_seconds=99)
    with put_then(ask, logs):
        ended = ask("token", f"file://{logs}", "--wait", "30s")
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
    assert "has expired, no newer one yet; waiting" in ended.err


# --- what does not ---


def test_what_is_missing_is_given_up_at_the_deadline(ask: Asker, logs: Path) -> None:
    begun = time.monotonic()
    ended = ask("token", f"file://{logs}", "--wait", "2s", "--format", "json")
    assert 2.0 <= time.monotonic() - begun < 5.0
    assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))
    assert ended.err.endswith("(waited 2 s)\n")


def test_a_mistake_that_no_time_mends_is_not_waited_for(ask: Asker) -> None:
    begun = time.monotonic()
    ended = ask("token", "s3://logs/http?region=us-east-1", "--wait", "1h", "--format", "json")
    assert time.monotonic() - begun < 10.0
    assert (ended.code, reason_of(ended)) == (3, ("keys-missing", ""))


def test_an_interruption_ends_the_waiting(ask: Asker, logs: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "token", f"file://{logs}", "--wait", "1h"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ask.environment,
    )
    assert process.stderr
    assert b"waiting until" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, b"", b"logpush-receiver: interrupted\n")


# --- on a terminal ---


def test_a_terminal_is_told_what_is_waited_for_and_no_trace_is_left(ask: Asker, logs: Path) -> None:
    terminal = Terminal("token", f"file://{logs}", "--wait", "30s", environment=ask.environment)
    terminal.until("no challenge in file://")
    put(logs, NAME)
    assert terminal.end() == 0
    frames = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.shown))
    assert max(map(len, frames)) <= 80
    assert any(re.search(r"\(until [0-9:]{8} UTC\)$", frame) for frame in frames)
    found, token = on_screen(terminal.shown)
    assert found.startswith(f"found {NAME}, written ")
    assert token == PLAIN
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h")  # the cursor


def test_an_interrupted_spinner_leaves_no_trace_either(ask: Asker, logs: Path) -> None:
    terminal = Terminal("token", f"file://{logs}", "--wait", "30s", environment=ask.environment)
    terminal.until("no challenge in file://")
    terminal.interrupt()
    assert terminal.end() == 130
    assert on_screen(terminal.shown) == ["logpush-receiver: interrupted"]


def test_what_a_person_is_told_of_a_token_fits_80_columns(ask: Asker, logs: Path) -> None:
    for age, letter in enumerate("abc"):
        put(logs, f"ownership-challenge-{letter * 40}.txt", age_seconds=age * 60)
    terminal = Terminal("token", f"file://{logs}", environment=ask.environment)
    assert terminal.end() == 0
    lines = on_screen(terminal.shown)
    assert max(map(len, lines)) <= 80
    assert lines[-1] == PLAIN
