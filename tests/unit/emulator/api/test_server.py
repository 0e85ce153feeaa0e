"""The API over HTTP: who may ask, everything in the envelope, and nothing secret in the log."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from receiver.emulator.api import routes
from receiver.emulator.api.credentials import Credentials
from receiver.emulator.api.routes import ACTOR
from receiver.emulator.api.rules import Rules
from receiver.emulator.api.server import BODY_BYTES_MAX, make_app, make_runner
from receiver.secret import Secret
from tests.unit.emulator.api.local_cloud import ACCOUNT, OTHER_ZONE, ZONE, Cloud, make_cloud

Client = TestClient[web.Request, web.Application]

TOKEN, KEY, EMAIL = "PLANTED-token-1", "PLANTED-key-1", "Ops@example.com"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BY_KEY = {"X-Auth-Email": EMAIL, "X-Auth-Key": KEY}
CREDENTIALS = Credentials(tokens=(Secret("another"), Secret(TOKEN)), keys=((EMAIL, Secret(KEY)),))
JOBS = f"/client/v4/zones/{ZONE.id}/logpush/jobs"
KEYED = "s3://bucket/logs?region=x&access-key-id=PLANTED-id&secret-access-key=PLANTED-secret"


async def fails(_: web.Request) -> web.Response:
    raise ValueError("PLANTED: what a driver says")


async def who(request: web.Request) -> web.Response:
    return web.json_response({"email": request[ACTOR].email})


@pytest.fixture
async def client(cloud: Cloud) -> AsyncIterator[Client]:
    extra = (web.get("/admin/fails", fails), web.get("/admin/who", who))
    app = make_app(cloud.operations, CREDENTIALS, extra_routes=extra)
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def ask(
    client: Client, method: str, path: str, *, status: int, **options: Any
) -> dict[str, Any]:
    """Ask, and look at what every answer has."""
    async with client.request(method, path, **{"headers": BEARER, **options}) as response:
        assert response.status == status, await response.text()
        assert response.content_type == "application/json"
        answer: dict[str, Any] = await response.json()
    assert isinstance(answer["errors"], list)
    assert isinstance(answer["messages"], list)
    assert answer["success"] is (status < 300) is not bool(answer["errors"])
    assert answer["success"] or answer["result"] is None
    return answer


def error_of(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["errors"][0]["code"], answer["errors"][0]["message"]


class TestSignIn:
    @pytest.mark.parametrize(
        "headers",
        [
            BEARER,
            BY_KEY,
            {"authorization": f"bearer  {TOKEN}"},
            {"x-auth-email": "ops@EXAMPLE.com", "x-auth-key": KEY},
            {**BY_KEY, "Authorization": "Bearer wrong"},
        ],
    )
    async def test_either_way_will_do(self, client: Client, headers: dict[str, str]) -> None:
        assert (await ask(client, "GET", JOBS, status=200, headers=headers))["result"] == []

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": TOKEN},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer "},
            {"Authorization": f"Bearer {TOKEN}x"},
            {"Authorization": f"Basic {TOKEN}"},
            {"X-Auth-Email": EMAIL},
            {"X-Auth-Key": KEY},
            {"X-Auth-Email": "other@example.com", "X-Auth-Key": KEY},
            {"X-Auth-Email": EMAIL, "X-Auth-Key": TOKEN},
            {"X-Auth-Email": EMAIL, "X-Auth-Key": "ключ"},
        ],
    )
    @pytest.mark.parametrize("path", [JOBS, "/", "/admin/fails", JOBS + "/1/x"])
    async def test_anything_else_is_a_403_wherever(
        self, client: Client, headers: dict[str, str], path: str
    ) -> None:
        answer = await ask(client, "GET", path, status=403, headers=headers)
        assert error_of(answer)[1].startswith("logpush-receiver emulate: sign in")

    async def test_an_empty_list_lets_nobody_in(self, cloud: Cloud) -> None:
        async with TestClient(TestServer(make_app(cloud.operations, Credentials()))) as client:
            for headers in ({}, {"Authorization": "Bearer "}, {"X-Auth-Email": ""}):
                await ask(client, "GET", JOBS, status=403, headers=headers)

    async def test_the_audit_log_tells_who(self, client: Client) -> None:
        for headers in (BY_KEY, BEARER):
            body = {"destination_conf": KEYED}
            answer = await ask(client, "POST", JOBS, status=201, headers=headers, json=body)
            await ask(client, "DELETE", f"{JOBS}/{answer['result']['id']}", status=200)
        audit = f"/client/v4/accounts/{ACCOUNT.id}/audit_logs?action.type=create"
        answer = await ask(client, "GET", audit, status=200)
        by_token, by_key = (record["actor"] for record in answer["result"])
        assert (by_key["email"], by_key["ip"]) == (EMAIL, "127.0.0.1")
        assert by_token["email"] == ""
        assert by_key["id"] != by_token["id"]
        assert answer["result_info"]["total_count"] == 2


class TestRouting:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/client/v4",
            f"/client/v4/zones/{ZONE.id}",
            f"/client/v4/zones/{ZONE.id}/logpush",
            f"/client/v4/users/{ZONE.id}/logpush/jobs",
            "/client/v4/zones/example.com/logpush/jobs",
            f"/client/v4/zones/{ZONE.id}0/logpush/jobs",
            JOBS + "/",
            JOBS + "/x",
            JOBS + "/-1",
            JOBS + "/" + "9" * 30,
            f"/client/v4/zones/{ZONE.id}/audit_logs",
        ],
    )
    async def test_a_path_that_is_none_is_7003(self, client: Client, path: str) -> None:
        answer = await ask(client, "GET", path, status=404)
        assert error_of(answer) == (7003, "No route for the URI")

    @pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "OPTIONS"])
    async def test_a_method_that_is_none_is_a_405(self, client: Client, method: str) -> None:
        async with client.request(method, JOBS, headers=BEARER) as response:
            assert response.headers["Allow"] == "GET,POST"
        answer = await ask(client, method, JOBS, status=405)
        assert "GET,POST only" in error_of(answer)[1]

    async def test_the_largest_number_is_no_job(self, client: Client) -> None:
        await ask(client, "GET", JOBS + "/" + "9" * 18, status=404)

    async def test_an_id_is_the_same_in_capitals(self, client: Client) -> None:
        await ask(client, "POST", JOBS, status=201, json={"destination_conf": KEYED})
        upper = JOBS.replace(ZONE.id, ZONE.id.upper())
        assert (await ask(client, "GET", upper, status=200))["result"][0]["id"] == 1

    async def test_lists_say_who_is_served(self, tmp_path: Path) -> None:
        rules = Rules(zones=frozenset({ZONE.id}), accounts=frozenset())
        app = make_app(make_cloud(tmp_path, rules=rules).operations, CREDENTIALS)
        async with TestClient(TestServer(app)) as client:
            await ask(client, "GET", JOBS, status=200)
            for kind, id_ in (("zones", OTHER_ZONE.id), ("accounts", ZONE.id)):
                path = f"/client/v4/{kind}/{id_}/logpush/jobs"
                answer = await ask(client, "GET", path, status=403)
                assert "not among those that are served" in error_of(answer)[1]

    async def test_extra_routes_are_behind_the_same_sign_in(self, client: Client) -> None:
        async with client.get("/admin/who", headers=BY_KEY) as response:
            assert await response.json() == {"email": EMAIL}

    async def test_the_openapi_document_is_for_everybody(self, client: Client) -> None:
        async with client.get("/openapi.json") as response:
            assert (await response.json())["openapi"].startswith("3.")


class TestBody:
    @pytest.mark.parametrize(
        "kind", ["application/x-www-form-urlencoded", "text/plain", "application/json", None]
    )
    async def test_it_is_json_whatever_its_type_says(
        self, client: Client, kind: str | None
    ) -> None:
        headers = BEARER if kind is None else {**BEARER, "Content-Type": kind}
        body = json.dumps({"destination_conf": KEYED}).encode()
        await ask(client, "POST", JOBS, status=201, data=body, headers=headers)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"destination_conf": 1,}',
            b"[]",
            b'"x"',
            b"null",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"a":"\\ud800"}',
            b'{"a":1e999}',
            b"destination_conf=s3%3A%2F%2Fb",
        ],
    )
    async def test_what_is_no_json_object_is_a_400(self, client: Client, body: bytes) -> None:
        answer = await ask(client, "POST", JOBS, status=400, data=body)
        assert error_of(answer)[1].startswith("logpush-receiver emulate: the body is not ")

    async def test_a_large_one_is_a_413(self, client: Client) -> None:
        body = b" " * (BODY_BYTES_MAX + 1)
        await ask(client, "POST", JOBS, status=413, data=body)

    async def test_one_that_inflates_to_much_is_a_413_too(self, client: Client) -> None:
        bomb = gzip.compress(b" " * 50_000_000)
        headers = {**BEARER, "Content-Encoding": "gzip"}
        await ask(client, "POST", JOBS, status=413, data=bomb, headers=headers)

    async def test_one_that_does_not_arrive_is_a_408(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(routes, "BODY_SECONDS", 0.05)
        waiting = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield b"{"
            await waiting.wait()

        answer = await ask(client, "POST", JOBS, status=408, data=slowly())
        waiting.set()
        assert "the body was not here" in error_of(answer)[1]

    async def test_one_that_does_not_inflate_is_a_400(self, client: Client) -> None:
        headers = {**BEARER, "Content-Encoding": "gzip"}
        await ask(client, "POST", JOBS, status=400, data=b"no gzip at all", headers=headers)


class TestAtOnce:
    async def test_of_many_that_want_one_destination_one_gets_it(
        self, client: Client, cloud: Cloud
    ) -> None:
        body = {"destination_conf": cloud.conf(), "ownership_challenge": ""}
        body["ownership_challenge"] = await cloud.token(cloud.conf())
        codes = await self._codes(client, [body] * 8)
        assert sorted(codes) == [0] + [1007] * 7
        assert len(cloud.state.jobs()) == 1

    async def test_a_zone_gets_four_of_many(self, client: Client, cloud: Cloud) -> None:
        confs = [cloud.conf(str(number)) for number in range(9)]
        bodies = [
            {"destination_conf": conf, "ownership_challenge": await cloud.token(conf)}
            for conf in confs
        ]
        assert sorted(await self._codes(client, bodies)) == [0] * 4 + [1004] * 5
        assert len(cloud.state.jobs()) == 4

    async def _codes(self, client: Client, bodies: list[dict[str, str]]) -> list[int]:
        """Create all at once; return the code of each refusal, 0 for a job."""

        async def create(body: dict[str, str]) -> int:
            async with client.post(JOBS, headers=BEARER, json=body) as response:
                answer = await response.json()
            return error_of(answer)[0] if answer["errors"] else 0

        return list(await asyncio.gather(*map(create, bodies)))


class TestErrors:
    async def test_an_error_of_ours_shows_neither_traceback_nor_words(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = await ask(client, "GET", "/admin/fails", status=500)
        assert "Traceback" not in str(answer)
        assert "PLANTED" not in str(answer) + caplog.text
        assert re.search(r"GET /admin/fails: ValueError in .*test_server.py, line \d+", caplog.text)

    async def test_a_state_that_is_full_is_told_of_and_nothing_is_made(
        self, client: Client, cloud: Cloud, caplog: pytest.LogCaptureFixture
    ) -> None:
        database = cloud.state._connection
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        body = {"destination_conf": KEYED, "output_options": {"batch_prefix": "x" * 100_000}}
        answer = await ask(client, "POST", JOBS, status=500, json=body)
        assert "could not be kept: database or disk is full" in error_of(answer)[1]
        assert "could not be kept" in caplog.text
        assert "PLANTED" not in str(answer) + caplog.text
        assert (await ask(client, "GET", JOBS, status=200))["result"] == []

    async def test_the_hint_stands_in_the_messages(self, client: Client, cloud: Cloud) -> None:
        cloud.way.refusal = "error writing object: error uploading (ours: no space)"
        body = {"destination_conf": KEYED}
        answer = await ask(client, "POST", JOBS, status=400, json=body)
        message = "error validating destination: error writing object: error uploading"
        assert error_of(answer)[1] == message
        assert "no space" in answer["messages"][0]["message"]

    async def test_nothing_that_a_client_sends_is_in_the_log(
        self, client: Client, cloud: Cloud, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        await ask(client, "POST", JOBS, status=201, json={"destination_conf": KEYED})
        await ask(client, "PUT", f"{JOBS}/1", status=400, json={"destination_conf": "PLANTED"})
        body = {"destination_conf": cloud.conf(), "ownership_challenge": "PLANTED.token.x"}
        await ask(client, "POST", JOBS, status=400, json=body)
        await ask(client, "GET", "/PLANTED?PLANTED=PLANTED", status=404)
        await ask(client, "GET", JOBS, status=403, headers={"Authorization": "Bearer PLANTED"})
        path = f"/client/v4/zones/{ZONE.id}/logpush/datasets/PLANTED/fields"
        await ask(client, "GET", path, status=404)
        await ask(client, "POST", JOBS, status=400, data=b'{"PLANTED')
        cloud.way.refusal = "no"
        await ask(client, "PUT", f"{JOBS}/1", status=400, json={"enabled": True})
        assert "logpush/jobs: 201" in caplog.text
        ours = [each for each in caplog.records if each.name.startswith("receiver")]
        assert ours
        assert not any("PLANTED" in each.getMessage() for each in ours)

    async def test_nor_of_a_request_that_is_no_http(
        self, cloud: Cloud, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        runner = make_runner(make_app(cloud.operations, CREDENTIALS))
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
            writer.write(b"GET / HTTP/1.1\r\nX-Auth-Key: PLANTED\x00\r\nHost: x\r\n\r\n")
            assert b"400" in await reader.readline()
            writer.close()
        finally:
            await runner.cleanup()
        assert "BadHttpMessage" in caplog.text
        assert "PLANTED" not in caplog.text
