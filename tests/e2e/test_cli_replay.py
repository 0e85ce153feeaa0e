"""`replay` as people use it after a job or a rule has changed: with a daemon beside it, or none."""

import gzip
import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from receiver.check.report import Verdict
from receiver.ledger.ledger import Entry, Ledger, State
from tests.e2e.asking import ROOT, Asker
from tests.e2e.command import COMMAND, SECONDS_MAX, Terminal
from tests.e2e.remembering import MIDNIGHT, Remembered, name
from tests.servers.launch import free_port

SINCE = ("--from", f"{MIDNIGHT:%Y-%m-%d}", "--to", f"{MIDNIGHT:%Y-%m-%dT12:00Z}")
SPOILED = 3


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    return Asker(tmp_path)


@pytest.fixture
def day(tmp_path: Path) -> Remembered:
    made = Remembered(tmp_path, listen=free_port())
    made.write(*range(8), spoiled={SPOILED})
    assert made.judge() == 8
    return made


def entries(day: Remembered) -> list[Entry]:
    async def read(ledger: Ledger) -> list[Entry]:
        return [each async for each in ledger.entries()]

    return day.ledger(read)


def replayed(ask: Asker, *arguments: str, code: int = 0) -> str:
    ended = ask("replay", *SINCE, *arguments)
    assert ended.code == code, ended
    assert all(len(line) <= 80 for line in ended.out.splitlines()), ended.out
    return ended.out


def loaded(ask: Asker, *arguments: str, code: int = 0) -> Any:
    return json.loads(replayed_json(ask, *arguments, code=code))


def replayed_json(ask: Asker, *arguments: str, code: int) -> str:
    ended = ask("replay", *SINCE, *arguments, "--format", "json")
    assert ended.code == code, ended
    return ended.out


def test_the_same_rules_give_the_same_verdicts(ask: Asker, day: Remembered) -> None:
    out = replayed(ask, code=1)
    assert out == "FAIL  8 batches judged again, 1 of them fail; 8 judged as before\n"
    assert all(each.judgements == 2 for each in entries(day))


def test_a_job_that_changed_changes_verdicts(ask: Asker, day: Remembered) -> None:
    day.write_job(logpull_options="fields=RayID,ClientIP,Extra&timestamps=rfc3339")
    whole = loaded(ask, code=1)
    assert whole["changes"] == [{"from": "pass", "to": "fail", "batches": 7}]
    assert whole["totals"]["findings"] == 1  # the one that failed before lacks two fields now
    assert whole["verdicts"] == {"pass": 0, "fail": 8}
    one = next(each for each in whole["batches"] if each["key"] == name(0))
    assert (one["before"]["verdict"], one["now"]["verdict"], one["now"]["errors"]) == (
        "pass",
        "fail",
        3,
    )
    day.write_job(logpull_options="fields=RayID,ClientIP&timestamps=rfc3339")
    out = " ".join(replayed(ask, code=1).split())
    assert f"fail -> pass {name(0)} job 146, 3 records, 3 errors, 0 warnings; now job 146," in out
    assert "7 with another verdict (7 from fail to pass)" in out


def test_a_window_and_a_job_are_chosen(ask: Asker, day: Remembered) -> None:
    ended = ask("replay", "--from", f"{MIDNIGHT:%Y-%m-%dT01:00Z}", "--job", "146")
    assert ended.out == "PASS  4 batches judged again; 4 judged as before\n"
    assert [each.judgements for each in entries(day)] == [1] * 4 + [2] * 4
    assert ask("replay", "--from", f"{MIDNIGHT:%Y-%m-%d}", "--job", "7").code == 4
    assert ask("replay").code == 2


def test_what_is_gone_keeps_the_verdict_that_it_had(ask: Asker, day: Remembered) -> None:
    day.path(0).unlink()
    day.path(SPOILED).unlink()
    out = replayed(ask, code=3)
    assert "2 not there any more" in " ".join(out.split())
    found = {each.key: (each.state, each.verdict) for each in entries(day)}
    assert found[name(0)] == (State.JUDGED, Verdict.PASS)
    assert found[name(SPOILED)] == (State.JUDGED, Verdict.FAIL)


def test_what_was_parked_is_read_when_it_can_be(ask: Asker, day: Remembered) -> None:
    async def park(ledger: Ledger) -> None:
        await ledger.take_up([1], now=MIDNIGHT)
        (entry, *_) = [each async for each in ledger.entries(limit=1)]
        (claim,) = await ledger.claim(
            entry.place, owner="t", now=MIDNIGHT, until=MIDNIGHT, entries_max=1, bytes_max=1
        )
        await ledger.put_back(claim, error="denied", next_try_at=None, park=True)

    day.ledger(park)
    assert entries(day)[0].state is State.PARKED
    replayed(ask, code=1)
    assert all(each.state is State.JUDGED for each in entries(day))


def test_places_of_no_job_are_told_and_left_alone(ask: Asker, day: Remembered) -> None:
    text = day.job_file.read_text()
    day.job_file.write_text(text.replace(str(day.logs), str(day.home)))
    out = replayed(ask, code=3)
    assert "no job of the configuration writes there any more" in " ".join(out.split())
    assert all(each.state is State.JUDGED for each in entries(day))


def test_interrupted_it_leaves_the_rest_to_the_daemon(day: Remembered, ask: Asker) -> None:
    line = b'{"RayID":"0000000100000001","ClientIP":"192.0.2.7"}\n'
    day.path(7).write_bytes(gzip.compress(line * 1_000_000, compresslevel=1) * 30)  # long
    terminal = Terminal(
        *("replay", "--config", day.config, *SINCE), environment={"PYTHONPATH": str(ROOT)}
    )
    terminal.until("7/8 batches")
    terminal.interrupt()
    assert terminal.end() == 130
    words = " ".join(terminal.shown.split())
    assert (
        "interrupted: this is what was judged by then; left waiting for the daemon: 1 batch"
        in words
    )
    states = Counter(each.state for each in entries(day))
    assert states == {State.WAITING: 1, State.JUDGED: 7}


def test_a_daemon_beside_it_takes_its_share(day: Remembered, ask: Asker) -> None:
    day.write(*range(8, 40), records=2000)
    assert day.judge() == 32
    daemon = subprocess.Popen(
        [*COMMAND, "run", "--config", str(day.config)],
        env=ask.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert daemon.stdout is not None
        assert b"status page at" in daemon.stdout.readline()
        assert "8 with another verdict" not in replayed(ask, code=1)
    finally:
        daemon.terminate()
        daemon.communicate(timeout=SECONDS_MAX)
    assert daemon.returncode == 0
    assert [each.judgements for each in entries(day)] == [2] * 40
    assert all(each.state is State.JUDGED for each in entries(day))
