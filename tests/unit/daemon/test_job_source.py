"""Where jobs come from: an API that is silent or talks nonsense costs none that was known."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from receiver.daemon.job_source import JobSources
from receiver.daemon.settings import Settings, read_settings
from receiver.errors import ApiUnavailable
from receiver.job.job import Job
from receiver.limits import SOURCE_DOUBT_SECONDS
from tests.servers.launch import free_port
from tests.servers.logpush_api import ACCOUNT, TOKEN, ZONE, Answer, LogpushServer, logpush_server
from tests.unit.daemon.configuring import CONF, SMALLEST, fields, write
from tests.unit.virtual_clock import VirtualClock

REFRESH = 300.0


@pytest.fixture
def server() -> Iterator[LogpushServer]:
    with logpush_server() as running:
        running.add(destination_conf=CONF, enabled=True)
        yield running


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def settings(tmp_path: Path, server: LogpushServer) -> Settings:
    return of(tmp_path, f'zone = "{ZONE}"\napi_url = "{server.url}"\ntoken = "@token"')


def of(folder: Path, lines: str) -> Settings:
    (folder / "token").write_text(TOKEN)
    text = SMALLEST.replace('file = "job.json"', lines)
    return read_settings(write(folder, text))


def sources(settings: Settings, clock: VirtualClock) -> JobSources:
    return JobSources(settings.jobs, clock=clock, random=Random(1))


async def ids(asked: JobSources) -> list[int | None]:
    return [each.job.id for each in await asked.jobs()]


async def test_a_file_is_known_from_the_start_and_never_asked_again(
    tmp_path: Path, clock: VirtualClock
) -> None:
    asked = sources(of(tmp_path, 'file = "job.json"\nendpoint_url = "http://h:9000"'), clock)
    (given,) = await asked.jobs()
    assert (given.job.id, given.source) == (146, "job.json")
    assert given.endpoint_url == "http://h:9000"
    assert asked.wait_seconds is None
    assert asked.unanswered == frozenset()


async def test_the_api_is_asked_once_for_each_refresh(
    settings: Settings, server: LogpushServer, clock: VirtualClock
) -> None:
    asked = sources(settings, clock)
    assert len(asked.unanswered) == 1
    assert await ids(asked) == [146]
    assert asked.unanswered == frozenset()
    server.add(destination_conf=CONF)
    assert await ids(asked) == [146]
    assert asked.wait_seconds == REFRESH
    await clock.sleep(REFRESH)
    assert await ids(asked) == [146, 147]
    assert len(server.asked) == 2
    assert server.asked[0].path.startswith(f"/client/v4/zones/{ZONE}/")


async def test_what_is_doubted_is_asked_anew_unless_it_was_told_lately(
    settings: Settings, server: LogpushServer, clock: VirtualClock
) -> None:
    asked = sources(settings, clock)
    name = asked.states[0].name
    await asked.jobs()
    await clock.sleep(SOURCE_DOUBT_SECONDS - 1)
    assert not asked.doubt({name})
    await clock.sleep(1)
    assert not asked.doubt({"another"})
    server.add(destination_conf=CONF)
    assert asked.doubt({"another", name})
    assert asked.wait_seconds == 0
    assert await ids(asked) == [146, 147]
    assert not asked.doubt({name})
    assert asked.wait_seconds == REFRESH


async def test_a_doubt_does_not_press_an_api_that_does_not_answer(
    settings: Settings, server: LogpushServer, clock: VirtualClock
) -> None:
    asked = sources(settings, clock)
    await asked.jobs()
    await clock.sleep(REFRESH)
    server.script = [Answer(status=403, body="{}")] * 9
    await asked.jobs()
    for _ in range(6):
        await asked.jobs()
        waits = asked.wait_seconds or 0
        assert waits > 0
        await clock.sleep(waits / 2)
        assert not asked.doubt({asked.states[0].name})
        assert asked.wait_seconds == pytest.approx(waits / 2)
        await clock.sleep(waits / 2)


async def test_an_api_that_hangs_is_waited_for_once(
    settings: Settings, server: LogpushServer, clock: VirtualClock
) -> None:
    asked = sources(settings, clock)
    await asked.jobs()

    async def hang() -> list[Job]:
        await clock.sleep(60)
        raise ApiUnavailable("no answer in 60 s")

    asked.sources[0]._ask = hang  # type: ignore[method-assign]
    waited = 0
    for _ in range(3600):  # a batch that fails each second
        await clock.sleep(1)
        if asked.doubt({asked.states[0].name}):
            waited += 1
            await asked.jobs()
    assert waited == 1


async def test_jobs_of_a_file_are_beyond_doubt(tmp_path: Path, clock: VirtualClock) -> None:
    asked = sources(of(tmp_path, 'file = "job.json"'), clock)
    await clock.sleep(1e6)
    assert not asked.doubt({"job.json"})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=403, body='{"success": false, "errors": [{"code": 10000, "message": "no"}]}'),
        Answer(body="<html>"),
        Answer(body='{"success": true, "result": [{"id": "PLANTED"}]}'),
        Answer(body='{"success": true, "result": 7}'),
    ],
)
async def test_an_answer_that_is_none_leaves_the_jobs_known_before(
    settings: Settings, server: LogpushServer, clock: VirtualClock, answer: Answer
) -> None:
    asked = sources(settings, clock)
    await asked.jobs()
    answered_at = clock.now()
    await clock.sleep(REFRESH)
    server.script = [answer, answer]
    assert await ids(asked) == [146]
    (state,) = asked.states
    assert state.error
    assert "PLANTED" not in state.error
    assert (state.jobs, state.failures, state.answered_at) == (1, 1, answered_at)
    assert state.failed_at == clock.now()
    assert 0 < (asked.wait_seconds or 0) <= 10  # sooner than a refresh
    await clock.sleep(asked.wait_seconds or 0)
    await asked.jobs()
    assert asked.states[0].failures == 2
    await clock.sleep(asked.wait_seconds or 0)
    await asked.jobs()
    (state,) = asked.states
    assert (state.error, state.failures, state.answered_at) == ("", 0, clock.now())
    assert state.failed_at is not None


async def test_an_api_that_never_answered_has_no_jobs_and_is_said_to(
    tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    lines = f'zone = "{ZONE}"\napi_url = "http://127.0.0.1:{free_port()}"\ntoken = "@token"'
    asked = sources(of(tmp_path, lines), clock)
    for _ in range(12):
        assert await ids(asked) == []
        await clock.sleep(asked.wait_seconds or 0)
    assert asked.unanswered == {each.name for each in asked.states}
    assert asked.states[0].failures == 12
    assert (asked.wait_seconds or 0) <= REFRESH
    told = [each for each in caplog.messages if "known before stay" in each]
    assert len(told) == 1
    assert TOKEN not in caplog.text


async def test_one_that_is_silent_costs_the_others_nothing(
    tmp_path: Path, server: LogpushServer, clock: VirtualClock
) -> None:
    silent = f'zone = "{ZONE}"\napi_url = "http://127.0.0.1:{free_port()}"\ntoken = "@token"'
    sound = f'[[jobs]]\naccount = "{ACCOUNT}"\napi_url = "{server.url}"\ntoken = "@token"'
    asked = sources(of(tmp_path, f'{silent}\n{sound}\n[[jobs]]\nfile = "job.json"'), clock)
    assert await ids(asked) == [146, 146]
    assert [bool(each.error) for each in asked.states] == [True, False, False]


async def test_only_what_is_meant_is_taken_and_what_is_missing_is_said(
    tmp_path: Path, server: LogpushServer, clock: VirtualClock
) -> None:
    server.add(destination_conf=CONF)
    lines = f'zone = "{ZONE}"\napi_url = "{server.url}"\ntoken = "@token"\nids = [147, 148]'
    asked = sources(of(tmp_path, lines), clock)
    assert await ids(asked) == [147]
    assert asked.states[0].missing == (148,)


async def test_a_reload_keeps_what_did_not_change(
    tmp_path: Path, settings: Settings, server: LogpushServer, clock: VirtualClock
) -> None:
    before = sources(settings, clock)
    await before.jobs()
    write(
        tmp_path,
        (tmp_path / "receiver.toml").read_text() + '[[jobs]]\nfile = "b.json"\n',
        b=fields(id=7),
    )
    read = read_settings(tmp_path / "receiver.toml")
    after = JobSources(read.jobs, clock=clock, random=Random(1), before=before)
    assert await ids(after) == [146, 7]
    assert len(server.asked) == 1


async def test_it_can_be_cancelled(settings: Settings, clock: VirtualClock) -> None:
    asking = asyncio.ensure_future(sources(settings, clock).jobs())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
