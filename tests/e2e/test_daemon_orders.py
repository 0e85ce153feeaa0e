"""What the daemon does when it is told: to end, to read its configuration again, by the API."""

import gzip
import hashlib
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from receiver.check.report import Verdict
from receiver.ledger.ledger import State
from tests.crash.landing import FIELDS, Landing
from tests.e2e.emulating import TOKEN, ZONE, emulating
from tests.e2e.places import S3Place
from tests.e2e.running import (
    Running,
    configure,
    entries,
    ledger_url,
    report,
    running,
    until_judged,
    write_jobs,
)
from tests.e2e.serving import until
from tests.servers.proxy import fault_proxy_beside
from tests.servers.s3 import S3Server

MIB = 1 << 20


def job(conf: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1, "dataset": "http_requests", "enabled": True, "destination_conf": conf,
        "logpull_options": FIELDS, **fields,
    }  # fmt: skip


def conf_of(folder: Path) -> str:
    return f"file://{folder}/{{DATE}}"


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    (tmp_path / "logs").mkdir()
    return Landing(tmp_path / "logs", Random(1))


@pytest.fixture
def config(tmp_path: Path, landing: Landing) -> Path:
    return configure(tmp_path, write_jobs(tmp_path / "jobs.json", job(conf_of(landing.folder))))


def large_batch(stored_mib: int) -> bytes:
    """Return a good batch that gzip has not made smaller."""
    line = b'{"RayID":"%016x","ClientIP":"192.0.2.1"}\n'
    plain = b"".join(line % number for number in range(stored_mib * MIB // len(line % 0)))
    return gzip.compress(plain, compresslevel=0, mtime=0)


class TestSigterm:
    def test_a_slow_object_of_100_mib_is_given_back_in_time(
        self, moto_server: S3Server, tmp_path: Path
    ) -> None:
        place = S3Place(moto_server)
        end = datetime.now(UTC).replace(microsecond=0)
        start = end - timedelta(seconds=30)
        name = f"{start:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_9af500e2.log.gz"
        content = large_batch(100)
        place.put(f"logs/{start:%Y%m%d}/{name}", content)
        source = write_jobs(tmp_path / "jobs.json", job(place.conf("logs/{DATE}")))
        url = ledger_url(tmp_path)
        with fault_proxy_beside(moto_server.port) as proxy:
            config = configure(tmp_path, source | {"endpoint_url": proxy.url})
            proxy.faults.rate = MIB
            with running(config) as daemon:
                until(lambda: daemon.metric("receiver_in_flight_objects") == 1)
                time.sleep(1)  # some of it has come
                assert daemon.end().code == 0
            (left,) = entries(url)
            assert (left.state, left.tries) == (State.WAITING, 0)
            proxy.faults.rate = None
            with running(config) as daemon:
                begun = time.monotonic()
                (judged,) = until_judged(url, 1)
                assert time.monotonic() - begun < 25  # no claim had to expire first
                assert daemon.end().code == 0
        assert (judged.verdict, judged.judgements) == (Verdict.PASS, 1)
        assert judged.digest == hashlib.sha256(content).hexdigest()

    def test_what_was_begun_is_judged_and_nothing_is_doubled(
        self, config: Path, landing: Landing, tmp_path: Path
    ) -> None:
        landing.write(300)
        with running(config) as daemon:
            until_judged(ledger_url(tmp_path), 1)
            assert daemon.end().code == 0
        left = entries(ledger_url(tmp_path))
        assert {each.state for each in left} <= {State.WAITING, State.JUDGED}
        with running(config) as daemon:
            found = until_judged(ledger_url(tmp_path), 300)
            assert daemon.end().code == 0
        assert list(landing.mistakes(found, root="")) == []

    def test_ctrl_c_ends_it_as_well(self, config: Path) -> None:
        with running(config) as daemon:
            assert daemon.end(signal.SIGINT).code == 130


class TestSighup:
    def test_a_bad_file_leaves_the_old_one_in_force(
        self, config: Path, landing: Landing, tmp_path: Path
    ) -> None:
        with running(config) as daemon:
            good = config.read_text()
            config.write_text(good.replace("poll_max", "poll_mox"))
            daemon.send(signal.SIGHUP)
            until(lambda: any("runs on as before" in each for each in daemon.warnings))
            landing.write(3)
            until_judged(ledger_url(tmp_path), 3)
            assert daemon.ready
            assert daemon.end().code == 0

    def test_a_good_one_has_new_jobs_watched_and_others_no_longer(
        self, config: Path, landing: Landing, tmp_path: Path
    ) -> None:
        other = Landing(tmp_path / "other", Random(2))
        other.folder.mkdir()
        with running(config) as daemon:
            landing.write(3)
            until_judged(ledger_url(tmp_path), 3)
            write_jobs(
                tmp_path / "jobs.json",
                job(conf_of(landing.folder)),
                job(conf_of(other.folder), id=2),
            )
            daemon.send(signal.SIGHUP)
            other.write(4)
            found = until_judged(ledger_url(tmp_path), 7)
            assert sum(each.job == 2 for each in found) == 4
            assert {each["id"] for each in daemon.json()["jobs"]} == {1, 2}
            assert daemon.end().code == 0


class TestGrace:
    def test_a_job_that_changed_is_accepted_as_it_was_even_after_a_restart(
        self, config: Path, landing: Landing, tmp_path: Path
    ) -> None:
        url, options = ledger_url(tmp_path), FIELDS + ",BotScore"
        with running(config) as daemon:
            landing.write(2)
            until_judged(url, 2)
            write_jobs(
                tmp_path / "jobs.json", job(conf_of(landing.folder), logpull_options=options)
            )
            daemon.send(signal.SIGHUP)
            until(lambda: daemon.json()["jobs"][0]["grace_until"] is not None)
            assert any("as it was, it is accepted until" in each for each in daemon.warnings)
            self.land_both_and_look(url, landing, judged=2)
            assert daemon.end().code == 0
        with running(config) as daemon:
            assert daemon.json()["jobs"][0]["grace_until"] is not None
            self.land_both_and_look(url, landing, judged=4)
            assert daemon.end().code == 0

    def land_both_and_look(self, url: str, landing: Landing, *, judged: int) -> None:
        """Land a batch of each kind; both pass, and what comes as it was says so."""
        known = {each.id for each in entries(url)}
        landing.write(1, good=True)
        new = b'{"RayID": "9af500e2c0ffee01", "ClientIP": "192.0.2.1", "BotScore": 3}\n'
        landing.write(1, content=gzip.compress(new, mtime=0))
        found = [each for each in until_judged(url, judged + 2) if each.id not in known]
        assert [each.verdict for each in found] == [Verdict.PASS, Verdict.PASS]
        assert [each.job for each in found] == [1, 1]
        notes = [report(url, each).notes for each in sorted(found, key=lambda each: each.key)]
        assert any("as it was" in each for each in notes[0]), notes
        assert not any("as it was" in each for each in notes[1]), notes


class TestJobsOfTheApi:
    def test_they_are_watched_and_refreshed(self, tmp_path: Path) -> None:
        url = ledger_url(tmp_path)
        start = datetime.now(UTC) - timedelta(hours=2)
        fast = ("--start", f"{start:%Y-%m-%dT%H:%M:%SZ}", "--speed", "300")
        with emulating(*fast) as emulator:
            first = f"file://{tmp_path}/first/{{DATE}}"
            emulator.create(first, token=emulator.challenge(first))
            source = {
                "zone": ZONE,
                "api_url": f"{emulator.url}/client/v4",
                "token": "env:LOGPUSH_TOKEN",
                "refresh": "1s",
            }
            config = configure(tmp_path, source)
            with running(config, environment={"LOGPUSH_TOKEN": TOKEN}) as daemon:
                assert jobs_of(until_judged(url, 3)) == {1}
                second = f"file://{tmp_path}/second/{{DATE}}"
                emulator.create(second, token=emulator.challenge(second))
                until(lambda: 2 in jobs_of(until_judged(url, 3)))
                emulator.result("DELETE", "jobs/2")
                until(lambda: is_gone(daemon, 2))
                assert {each["configured"] for each in daemon.json()["jobs"]} <= {True, False}
                ended = daemon.end()
        assert ended.code == 0
        assert TOKEN not in ended.out + ended.err
        assert {each.verdict for each in entries(url)} == {Verdict.PASS}


def jobs_of(found: Any) -> set[int | None]:
    return {each.job for each in found if each.state is State.JUDGED}


def is_gone(daemon: Running, job_id: int) -> bool:
    """Whether a job has ended: it is in its grace, or no longer there."""
    jobs: Mapping[int, Any] = {each["id"]: each for each in daemon.json()["jobs"]}
    return job_id not in jobs or jobs[job_id]["grace_until"] is not None


class TestSecondDaemon:
    def test_on_the_same_file_does_no_harm(
        self, config: Path, landing: Landing, tmp_path: Path
    ) -> None:
        with running(config) as first, running(config) as second:
            landing.write(200)
            found = until_judged(ledger_url(tmp_path), 200)
            count = sum(each.metric("receiver_batches_total") for each in (first, second))
            assert count == 200
            assert [first.end().code, second.end().code] == [0, 0]
            assert (first.warnings, second.warnings) == ([], [])
        assert list(landing.mistakes(found, root="")) == []


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    config = configure(tmp_path, {"file": "nowhere.json"})
    with pytest.raises(AssertionError, match=r"nowhere\.json"), running(config):
        pass
