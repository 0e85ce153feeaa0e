"""The operations, against a server that answers as the API is documented to, in every shape."""

import json
from pathlib import Path
from random import Random

import pytest
from yarl import URL

from receiver.api.client import LogpushApi, open_api
from receiver.api.credentials import Credentials
from receiver.api.scope import Scope
from receiver.errors import ApiDenied, ApiError, ApiRefused, ConfigError
from receiver.secret import Secret
from tests.servers.logpush_api import (
    ACCOUNT,
    EMAIL,
    KEY,
    MAX_JOBS,
    TOKEN,
    ZONE,
    Answer,
    LogpushServer,
)
from tests.unit.virtual_clock import VirtualClock

CONF = "s3://acme-logs/http/{DATE}?region=eu-west-1&secret-access-key=PLANTED/secret+value"
JOB = {"id": 146, "dataset": "http_requests", "destination_conf": CONF, "enabled": True}


def answer(result: object, status: int = 200, **others: object) -> Answer:
    envelope = {"success": True, "errors": [], "messages": [], "result": result, **others}
    return Answer(body=json.dumps(envelope), status=status)


def refused(status: int, code: int, message: str) -> Answer:
    errors = [{"code": code, "message": message}]
    body = {"success": False, "errors": errors, "messages": [], "result": None}
    return Answer(body=json.dumps(body), status=status)


async def test_a_job_lives_from_its_challenge_to_its_end(
    api: LogpushApi, scope: Scope, server: LogpushServer, tmp_path: Path
) -> None:
    conf = f"file://{tmp_path}/logs"
    filename = await api.challenge(scope, conf)
    token = (tmp_path / "logs" / filename).read_text().strip()
    assert (await api.validate_challenge(scope, conf, token)).valid
    assert not (await api.validate_challenge(scope, conf, "another")).valid
    assert not await api.destination_exists(scope, conf)
    made = await api.create(scope, {"destination_conf": conf, "ownership_challenge": token})
    assert made.job.id == 146
    assert await api.destination_exists(scope, conf)
    assert (await api.update(scope, 146, {"enabled": True})).job.enabled
    assert (await api.get(scope, 146)).job.enabled
    assert [each.job.id for each in await api.list(scope)] == [146]
    assert [each.job.id for each in await api.list(scope, dataset="dns_logs")] == []
    await api.delete(scope, 146)
    assert await api.list(scope) == ()
    assert not server.jobs


async def test_fields_and_judgements(api: LogpushApi, scope: Scope, server: LogpushServer) -> None:
    assert "ClientIP" in await api.fields(scope, "http_requests")
    assert list(await api.fields(scope, "http_requests", default=True)) == ["RayID"]
    assert (await api.validate_origin(scope, "fields=RayID", dataset="http_requests")).valid
    wrong = await api.validate_origin(scope, "sample=7", dataset="http_requests")
    assert (wrong.valid, wrong.message) == (False, "sample out of range")
    assert (await api.validate_destination(scope, CONF)).valid
    paths = [each.path.partition("/logpush/")[2] for each in server.asked]
    assert paths == [
        "datasets/http_requests/fields",
        "datasets/http_requests/fields/default",
        "validate/origin",
        "validate/origin",
        "validate/destination",
    ]


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (Scope(kind="zone", id=ZONE), f"/client/v4/zones/{ZONE}/logpush/jobs"),
        (Scope(kind="account", id=ACCOUNT), f"/client/v4/accounts/{ACCOUNT}/logpush/jobs"),
    ],
)
async def test_a_zone_and_an_account_have_the_same_operations(
    api: LogpushApi, server: LogpushServer, scope: Scope, path: str
) -> None:
    await api.list(scope)
    assert server.asked[0].path == path


async def test_an_email_and_a_key_sign_in_as_a_token_does(
    server: LogpushServer, scope: Scope, clock: VirtualClock
) -> None:
    credentials = Credentials(email=Secret(EMAIL), key=Secret(KEY))
    base_url = URL(server.url)
    async with open_api(credentials, base_url=base_url, clock=clock, random=Random(1)) as api:
        assert await api.list(scope) == ()
    assert "Authorization" not in server.asked[0].headers


async def test_wrong_credentials_are_denied_and_not_shown(
    server: LogpushServer, scope: Scope, clock: VirtualClock
) -> None:
    credentials = Credentials(token=Secret("wrong-PLANTED"))
    base_url = URL(server.url)
    async with open_api(credentials, base_url=base_url, clock=clock, random=Random(1)) as api:
        with pytest.raises(ApiDenied, match=r"Authentication error .*lack the right Logs: Write"):
            await api.list(scope)
    assert len(server.asked) == 1


# --- the shapes of answers ---


@pytest.mark.parametrize("status", [200, 201])
async def test_a_job_is_made_with_200_or_201(
    api: LogpushApi, scope: Scope, server: LogpushServer, status: int
) -> None:
    server.script = [answer(JOB, status)]
    assert (await api.create(scope, {"destination_conf": CONF})).job.id == 146


@pytest.mark.parametrize("result", [{}, {"id": 146}, None])
async def test_a_deletion_answers_in_three_ways(
    api: LogpushApi, scope: Scope, server: LogpushServer, result: object
) -> None:
    server.script = [answer(result)]
    await api.delete(scope, 146)


async def test_an_answer_without_content_is_one_of_a_deletion_only(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    server.script = [Answer(status=204), Answer(status=204)]
    await api.delete(scope, 146)
    with pytest.raises(ApiError, match="the answer is not job 146"):
        await api.get(scope, 146)


@pytest.mark.parametrize("result", [JOB, [JOB], [{**JOB, "id": 1}, JOB]])
async def test_one_job_may_come_in_a_list(
    api: LogpushApi, scope: Scope, server: LogpushServer, result: object
) -> None:
    server.script = [answer(result)]
    found = await api.get(scope, 146)
    assert found.job.id == 146
    assert found.fields == JOB


@pytest.mark.parametrize("result", [None, [], [{**JOB, "id": 1}], "a job", {"id": "no"}])
async def test_what_is_not_the_job_is_no_answer(
    api: LogpushApi, scope: Scope, server: LogpushServer, result: object
) -> None:
    server.script = [answer(result)]
    with pytest.raises(ApiError):
        await api.get(scope, 146)


@pytest.mark.parametrize("nothing", [None, []])
async def test_errors_and_messages_may_be_null(
    api: LogpushApi, scope: Scope, server: LogpushServer, nothing: object
) -> None:
    server.script = [answer(nothing, errors=nothing, messages=nothing)]
    assert await api.list(scope) == ()


async def test_an_envelope_may_lack_what_is_of_no_use(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    server.script = [Answer(body='{"result": {}}')]
    assert await api.fields(scope, "http_requests") == {}


async def test_a_list_that_is_cut_is_said_to_be(
    api: LogpushApi, scope: Scope, server: LogpushServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = [answer([JOB], result_info={"page": 1, "count": 1, "total_count": 3})]
    assert len(await api.list(scope)) == 1
    assert "2 more jobs" in caplog.text


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '{"success": 1, "errors": "no"}'])
async def test_an_answer_that_is_no_envelope_is_ours_to_complain_of(
    api: LogpushApi, scope: Scope, server: LogpushServer, body: str
) -> None:
    server.script = [Answer(body=body)]
    with pytest.raises(ApiError, match="the answer is not the API's"):
        await api.list(scope)


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_the_credentials_follow_no_redirect(
    api: LogpushApi, scope: Scope, server: LogpushServer, status: int
) -> None:
    server.script = [Answer(status=status, headers={"Location": "http://127.0.0.1:1/"})]
    with pytest.raises(ApiError, match="no Logpush API at this address"):
        await api.list(scope)
    assert len(server.asked) == 1


# --- refusals ---


async def test_a_refusal_may_come_with_http_200(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    server.refuses = f"destination is invalid: {CONF} cannot be written"
    with pytest.raises(ApiRefused, match="no challenge was written: destination is invalid") as got:
        await api.challenge(scope, CONF)
    assert "PLANTED" not in str(got.value)
    judged = await api.validate_destination(scope, CONF)
    assert not judged.valid
    assert "PLANTED" not in repr(judged)


async def test_a_failure_may_come_with_http_200(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    server.script = [refused(200, 1000, "not today")]
    with pytest.raises(ApiRefused, match="not today"):
        await api.list(scope)


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, 1002, "incorrect ownership challenge", ApiRefused),
        (403, 1004, MAX_JOBS, ApiRefused),
        (404, 1000, "job not found", ApiRefused),
        (403, 10000, "Authentication error", ApiDenied),
        (401, 1000, "Invalid API Token", ApiDenied),
        (400, 6003, "Invalid request headers", ApiDenied),
    ],
)
async def test_a_refusal_keeps_its_code_status_and_words(
    api: LogpushApi,
    scope: Scope,
    server: LogpushServer,
    status: int,
    code: int,
    message: str,
    kind: type[ApiError],
) -> None:
    server.script = [refused(status, code, message)]
    with pytest.raises(ApiError, match=message) as got:
        await api.create(scope, {"destination_conf": CONF})
    assert type(got.value) is kind
    assert (got.value.status, got.value.code) == (status, code)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        f"cannot write to {CONF}",
        "POST acme-logs/http?region=eu-west-1&secret-access-key=PLANTED/secret+value failed",
        "the key PLANTED%2Fsecret%2Bvalue is unknown",
        "wrong token PLANTED.token.value",
        f"who is {TOKEN}",
    ],
)
async def test_no_error_repeats_a_secret_that_was_sent(
    api: LogpushApi, scope: Scope, server: LogpushServer, said: str
) -> None:
    server.script = [refused(400, 1000, said)]
    with pytest.raises(ApiRefused) as got:
        await api.create(
            scope, {"destination_conf": CONF, "ownership_challenge": "PLANTED.token.value"}
        )
    assert "PLANTED" not in str(got.value)
    assert "[redacted]" in str(got.value)


async def test_the_code_of_a_sumo_source_is_a_secret_too(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    conf = "sumo://endpoint1.collection.us2.sumologic.com/receiver/v1/http/PLANTEDcode=="
    server.script = [refused(400, 1000, "POST /receiver/v1/http/PLANTEDcode== failed")]
    with pytest.raises(ApiRefused) as got:
        await api.create(scope, {"destination_conf": conf})
    assert "PLANTED" not in str(got.value)


async def test_a_jobs_answer_shows_no_secret(
    api: LogpushApi, scope: Scope, server: LogpushServer
) -> None:
    server.script = [answer(JOB)]
    assert "PLANTED" not in repr(await api.get(scope, 146))


@pytest.mark.parametrize("dataset", ["../jobs", "", "a/b", "x?y"])
async def test_a_data_sets_name_leads_nowhere_else(
    api: LogpushApi, scope: Scope, server: LogpushServer, dataset: str
) -> None:
    with pytest.raises(ConfigError):
        await api.fields(scope, dataset)
    assert not server.asked
