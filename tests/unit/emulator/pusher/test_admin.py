"""The plan of faults over HTTP, while the emulator runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from receiver.emulator.api.credentials import Credentials
from receiver.emulator.api.server import make_app, make_runner
from receiver.emulator.pusher.admin import fault_routes
from receiver.emulator.pusher.plan import FaultPlan
from receiver.secret import Secret
from tests.unit.emulator.api.local_cloud import make_cloud
from tests.unit.emulator.pusher.planning import deliver, fault, fault_plan

TOKEN = "planted-token"
SIGNED_IN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def plan() -> FaultPlan:
    return fault_plan(fault("gap"))


@pytest.fixture
async def url(plan: FaultPlan, tmp_path: Path) -> AsyncIterator[str]:
    credentials = Credentials(tokens=(Secret(TOKEN),))
    operations = make_cloud(tmp_path).operations
    runner = make_runner(make_app(operations, credentials, extra_routes=fault_routes(plan)))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/admin/faults"
    await runner.cleanup()


async def test_the_plan_in_force_is_shown_as_it_was_written(url: str, plan: FaultPlan) -> None:
    async with ClientSession(headers=SIGNED_IN) as http, http.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "application/toml")
        assert await answer.text() == plan.plan.text != ""


async def test_a_plan_that_is_put_is_in_force(url: str, plan: FaultPlan) -> None:
    assert deliver(plan, 0) == []
    text = "# nothing é\n"
    async with ClientSession(headers=SIGNED_IN) as http:
        async with http.put(url, data=text.encode()) as answer:
            assert (answer.status, await answer.text()) == (200, text)
        async with http.get(url) as answer:
            assert await answer.text() == text
    assert len(deliver(plan, 0)) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [(b'[[fault]]\nkind = "gaps"', "did you mean gap"), (b"\xff", "not UTF-8"), (b"=", "TOML")],
)
async def test_a_plan_that_is_none_is_refused_and_the_old_one_stays(
    url: str, plan: FaultPlan, body: bytes, told: str
) -> None:
    async with ClientSession(headers=SIGNED_IN) as http, http.put(url, data=body) as answer:
        assert answer.status == 400
        (error,) = (await answer.json())["errors"]
        assert error["code"] == 99022
        assert error["message"].startswith("logpush-receiver emulate: ")
        assert told in error["message"]
    assert deliver(plan, 0) == []


async def test_who_does_not_sign_in_neither_sees_nor_changes_it(url: str, plan: FaultPlan) -> None:
    async with ClientSession() as http:
        for method in ("GET", "PUT"):
            async with http.request(method, url, data=b"") as answer:
                assert (answer.status, "gap" in await answer.text()) == (403, False)
    assert deliver(plan, 0) == []


async def test_a_web_page_elsewhere_may_not_put(url: str) -> None:
    """A browser asks first, by OPTIONS, and puts only if it is allowed to."""
    asks = {"Origin": "https://example.net", "Access-Control-Request-Method": "PUT"}
    async with ClientSession(headers=SIGNED_IN) as http, http.options(url, headers=asks) as answer:
        assert answer.status == 405
        assert "Access-Control-Allow-Origin" not in answer.headers
