"""`status` against a running daemon, and against none."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.ledger.ledger import Ledger
from receiver.store.store import Object
from tests.e2e import remembering
from tests.e2e.asking import Asker
from tests.e2e.command import COMMAND, SECONDS_MAX
from tests.e2e.remembering import STEP, Remembered, name
from tests.servers.launch import free_port
from tests.servers.logpush_api import logpush_server
from tests.unit.daemon.configuring import fields

PASSWORD = "a-password-of-the-page-PLANTED"
SPOILED = 3


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    asker = Asker(tmp_path)
    asker.secrets.append(PASSWORD)
    return asker


@pytest.fixture
def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remembered:
    """Eight batches of the last hours, not judged yet."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    monkeypatch.setattr(remembering, "MIDNIGHT", now - 8 * STEP - timedelta(hours=1))
    return Remembered(tmp_path, listen=free_port())


@contextmanager
def daemon(ask: Asker, day: Remembered) -> Iterator[None]:
    """Run the daemon until it has judged what there is."""
    running = subprocess.Popen(
        [*COMMAND, "run", "--config", str(day.config)],
        env=ask.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=day.home,
    )
    try:
        assert running.stdout is not None
        assert b"status page at" in running.stdout.readline()
        yield
    finally:
        running.terminate()
        running.communicate(timeout=SECONDS_MAX)


def loaded(ask: Asker, code: int) -> Any:
    ended = ask("status", "--format", "json")
    assert ended.code == code, ended
    return json.loads(ended.out)


def shown(ask: Asker, *arguments: str, code: int) -> str:
    ended = ask("status", *arguments)
    assert ended.code == code, ended
    assert all(len(line) <= 80 for line in ended.out.splitlines()), ended.out
    return ended.out


def test_a_failed_batch_is_told_with_its_finding(ask: Asker, day: Remembered) -> None:
    day.write(*range(8), spoiled={SPOILED})
    day.judge()
    with daemon(ask, day):
        out = shown(ask, code=1)
        whole = loaded(ask, 1)
    assert f"says http://127.0.0.1:{day.listen}/" in out
    assert "FAIL  Job 146 http_requests, 1 of 8 batches failed, 24 records" in out
    assert "    field-missing  ClientIP  3 in 1 batch\n" in out
    assert name(SPOILED)[-12:] in out
    assert (whole["verdict"], whole["totals"]["failed"]) == ("fail", 1)
    assert whole["daemon"]["answered"] is True
    assert whole["findings"]["/jobs/146"][0]["code"] == "field-missing"


def test_all_is_well_where_nothing_failed(ask: Asker, day: Remembered) -> None:
    day.write(*range(8))
    day.judge()
    day.write_config("sqlite:///receiver.db", status='user = "me"\npassword = "@secret"')
    (day.home / "secret").write_text(PASSWORD)
    with daemon(ask, day):
        ended = ask("status", "--color", "always")
        assert ended.code == 0, ended
        assert "\x1b[1;32m" in ended.out
        (day.home / "secret").write_text("another")
        refused = ask("status")
    assert refused.code == 3
    assert "it does not take user and password" in refused.err


def test_a_daemon_that_does_not_answer_leaves_what_the_ledger_knows(
    ask: Asker, day: Remembered
) -> None:
    day.write(*range(8), spoiled={SPOILED})
    day.judge()
    out = shown(ask, code=3)
    assert out.startswith("The daemon does not answer. This is what the ledger knows:\n")
    assert "FAIL  Job 146 http_requests, 1 of 8 batches failed" in out
    assert "no connection; is the daemon running?" in ask("status").err
    assert loaded(ask, 3)["daemon"]["answered"] is False


def test_without_a_ledger_too_there_is_only_the_reason(ask: Asker, day: Remembered) -> None:
    ended = ask("status")
    assert (ended.code, ended.out) == (3, "")
    assert "there is no ledger yet" in ended.err


def test_an_address_of_something_else_is_told(ask: Asker, day: Remembered) -> None:
    with logpush_server() as server:
        ended = ask("status", "--url", server.url)
    assert ended.code == 3
    assert "is it the daemon's address?" in ended.err
    for url in ("nowhere", f"http://me:{PASSWORD}@127.0.0.1:1"):
        assert ask("status", "--url", url).code == 2


def test_help_ends_with_examples(ask: Asker) -> None:
    out = ask("status", "--help").out
    assert "Examples:\n" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_a_place_that_cannot_be_looked_at_and_what_is_parked_are_told(
    ask: Asker, day: Remembered
) -> None:
    day.write(0)
    day.judge()

    async def park(ledger: Ledger) -> None:
        (entry,) = [each async for each in ledger.entries()]
        obj = Object(key=name(1), etag="e", stored_bytes=9, arrived_at=entry.arrived_at)
        await ledger.see(entry.place, [obj], now=entry.seen_at)
        (claim,) = await ledger.claim(
            entry.place,
            owner="test",
            now=entry.seen_at,
            until=entry.seen_at,
            entries_max=1,
            bytes_max=1,
        )
        await ledger.put_back(claim, error="access denied", next_try_at=None, park=True)

    day.ledger(park)
    conf = "file:///nowhere/at/all/{DATE}"
    jobs = [json.loads(day.job_file.read_text()), fields(id=147, destination_conf=conf)]
    day.job_file.write_text(json.dumps(jobs))
    with daemon(ask, day):
        out = shown(ask, code=4)
    assert "wrong  1 object could not be read and is parked" in out
    assert "wrong  file:///nowhere/at/all/{DATE}/ cannot be looked at" in out
    assert "INCONCLUSIVE  Job 147 http_requests, 0 batches" in out
    assert "1 object parked: ledger list --state parked" in out


def test_what_fails_in_no_hour_fails_all_the_same(ask: Asker, day: Remembered) -> None:
    day.write(*range(8), spoiled={SPOILED})
    day.path(SPOILED).rename(day.path(SPOILED).with_name("copied-by-hand.log.gz"))
    day.judge()
    with daemon(ask, day):
        out = shown(ask, code=1)
    assert "wrong  Job 146 http_requests has failed batches whose names tell no window" in out
