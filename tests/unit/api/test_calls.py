"""What is asked again, how often, and after which wait; and what is never asked twice."""

import json
from datetime import timedelta
from email.utils import format_datetime
from random import Random

import pytest
from yarl import URL

from receiver.api.client import LogpushApi, open_api
from receiver.api.credentials import Credentials
from receiver.api.scope import Scope
from receiver.errors import ApiUnavailable
from receiver.secret import Secret
from tests.servers.launch import free_port
from tests.servers.logpush_api import Answer, LogpushServer
from tests.unit.virtual_clock import START, VirtualClock

JOB: dict[str, object] = {"destination_conf": "https://logs.example.com/PLANTED"}
BROKEN = Answer(broken=True)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_busy_api_is_asked_again(
    api: LogpushApi, scope: Scope, server: LogpushServer, clock: VirtualClock, status: int
) -> None:
    server.script = [Answer(status=status), Answer(status=status)]
    assert await api.list(scope) == ()
    first, second = clock.slept
    assert 0.25 <= first <= 0.5 <= second <= 1


async def test_a_broken_connection_is_no_answer(
    api: LogpushApi, scope: Scope, server: LogpushServer, clock: VirtualClock
) -> None:
    server.script = [BROKEN]
    assert await api.list(scope) == ()
    assert len(clock.slept) == 1


async def test_it_is_asked_four_times_at_most(
    api: LogpushApi, scope: Scope, server: LogpushServer, clock: VirtualClock
) -> None:
    server.script = [Answer(status=500)] * 9
    with pytest.raises(ApiUnavailable, match="HTTP 500"):
        await api.list(scope)
    assert len(server.asked) == 4
    assert clock.seconds < 5


async def test_retry_after_is_honoured_in_seconds_and_as_a_date(
    api: LogpushApi, scope: Scope, server: LogpushServer, clock: VirtualClock
) -> None:
    date = format_datetime(START.replace(microsecond=0) + timedelta(seconds=27), usegmt=True)
    server.script = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=503, headers={"Retry-After": date}),
    ]
    await api.list(scope)
    assert clock.slept[0] == 7
    assert 19 <= clock.slept[1] <= 20


async def test_whoever_must_wait_long_is_told_so(
    api: LogpushApi, scope: Scope, server: LogpushServer, clock: VirtualClock
) -> None:
    server.script = [Answer(status=429, headers={"Retry-After": "3600"})]
    with pytest.raises(ApiUnavailable, match="asks to wait 3600 s"):
        await api.list(scope)
    assert clock.slept == []


# --- what changes something ---


@pytest.mark.parametrize("status", [429, 503])
async def test_a_job_that_was_surely_not_made_is_asked_for_again(
    api: LogpushApi, scope: Scope, server: LogpushServer, status: int
) -> None:
    server.script = [Answer(status=status)]
    await api.create(scope, JOB)
    assert len(server.jobs) == 1


@pytest.mark.parametrize("lost", [Answer(status=500), Answer(status=504), BROKEN])
async def test_a_job_that_may_have_been_made_is_not_made_twice(
    api: LogpushApi, scope: Scope, server: LogpushServer, lost: Answer
) -> None:
    server.script = [lost]
    with pytest.raises(ApiUnavailable, match="whether it was done is not known"):
        await api.create(scope, JOB)
    assert len(server.asked) == 1


async def test_a_change_is_asked_for_again(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    number = server.add(**JOB)
    server.script = [Answer(broken=True, after=True), Answer(status=502)]
    changed = await api.update(scope, number, {"enabled": True})
    assert changed.job.enabled


async def test_a_deletion_whose_answer_was_lost_has_happened(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    number = server.add(**JOB)
    server.script = [Answer(broken=True, after=True)]
    await api.delete(scope, number)
    assert len(server.asked) == 2


async def test_a_question_in_a_post_is_asked_again(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    server.script = [BROKEN]
    assert not await api.destination_exists(scope, "s3://foo")


# --- no server ---


async def test_where_nobody_listens_even_a_job_is_asked_for_again(
    scope: Scope, clock: VirtualClock
) -> None:
    base_url = URL(f"http://127.0.0.1:{free_port()}/client/v4")
    credentials = Credentials(token=Secret("PLANTED-token"))
    async with open_api(credentials, base_url=base_url, clock=clock, random=Random(1)) as api:
        with pytest.raises(ApiUnavailable, match="no connection came about") as got:
            await api.create(scope, JOB)
    assert len(clock.slept) == 3
    assert "PLANTED" not in str(got.value)
    assert "not known" not in str(got.value)


async def test_what_it_says_of_a_server_in_trouble_shows_no_secret(
    api: LogpushApi, scope: Scope, server: LogpushServer, caplog: pytest.LogCaptureFixture
) -> None:
    said = json.dumps({"success": False, "errors": [{"code": "1", "message": f"at {JOB}"}]})
    server.script = [Answer(status=503, body=said)]
    await api.create(scope, JOB)
    assert "asking again in" in caplog.text
    assert "PLANTED" not in caplog.text
