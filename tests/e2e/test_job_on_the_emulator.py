"""Our own client through the whole story, by `job` and by itself, against our own emulator."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from receiver.api.address import find_base_url
from receiver.api.client import open_api
from receiver.api.credentials import Credentials
from receiver.api.scope import Scope
from receiver.clock import SystemClock
from receiver.errors import ApiDenied, ApiRefused
from receiver.secret import Secret
from tests.e2e.asking import Asker
from tests.e2e.command import receiver
from tests.e2e.emulating import START, TOKEN, ZONE, Emulating, emulating

EMAIL, KEY = "ops@example.com", "planted-api-key"
BY_TOKEN = Credentials(token=Secret(TOKEN))
BY_KEY = Credentials(email=Secret(EMAIL), key=Secret(KEY))
OF_ZONE = Scope(kind="zone", id=ZONE)
OF_ACCOUNT = Scope(kind="account", id="9" * 32)


@pytest.fixture
def emulator() -> Iterator[Emulating]:
    keys = ("--api-token", TOKEN, "--api-key", f"{EMAIL}:{KEY}")
    with emulating("--start", START, "--speed", "600", credentials=keys) as running:
        yield running
        said = running.end()
    assert TOKEN not in said.out + said.err
    assert KEY not in said.out + said.err


@pytest.fixture
def ask(emulator: Emulating, tmp_path: Path) -> Asker:
    asker = Asker(tmp_path)
    asker.environment |= {"CLOUDFLARE_API_TOKEN": TOKEN}
    asker.secrets.append(TOKEN)
    return asker


def test_a_job_from_its_challenge_to_its_end(
    ask: Asker, emulator: Emulating, tmp_path: Path
) -> None:
    where = ("--zone", ZONE, "--api-url", emulator.url)
    (tmp_path / "logs").mkdir()
    conf = f"file://{tmp_path}/logs/{{DATE}}"
    wish = {"dataset": "http_requests", "destination_conf": conf, "enabled": True}
    file = tmp_path / "wish.json"
    file.write_text(json.dumps({**wish, "logpull_options": "fields=RayID,EdgeStartTimestamp"}))

    assert "RayID" in ask("job", "fields", "http_requests", *where).out
    assert ask("job", "fields", "http_requests", "--default", *where).code == 0
    assert ask("job", "validate", "--file", file, *where).code == 0
    wrong = ask("job", "validate", "--options", "fields=RayID,Nonsense", *where)
    assert (wrong.code, "NOT VALID" in wrong.out) == (1, True)
    assert ask("job", "exists", conf, *where, "--format", "json").json == {"exists": False}

    made = ask("job", "create", "--file", file, *where)
    assert made.code == 0, made
    number = made.out.strip()
    assert ask("job", "exists", conf, *where, "--format", "json").json == {"exists": True}
    assert ask("job", "list", *where).out.startswith(f"{number}  http_requests  enabled")
    assert ask("job", "list", "--dataset", "spectrum_events", *where).out == "no jobs\n"
    assert ask("job", "diff", number, "--file", file, *where).out == "no difference\n"

    emulator.push_for(minutes=5, job_id=int(number))
    changed = ask("job", "update", number, "--set", "enabled=false", *where)
    assert changed.out.splitlines()[0].split() == ["enabled", "true", "->", "false"]
    saved = ask("job", "show", number, *where, "--format", "json", "--secrets")
    (tmp_path / "job.json").write_text(saved.out)
    verified = ask("verify", "--job", tmp_path / "job.json")
    assert verified.code == 0, verified

    token = ask("token", conf, "--request", *where)
    assert (token.code, token.out.count(".")) == (0, 2)
    assert ask("job", "delete", number, "--yes", *where).code == 0
    gone = ask("job", "show", number, *where)
    assert gone.code == 1
    assert "HTTP 404" in gone.err


@pytest.mark.parametrize(
    ("credentials", "scope", "dataset", "field"),
    [
        (BY_TOKEN, OF_ZONE, "http_requests", "RayID"),
        (BY_KEY, OF_ZONE, "spectrum_events", "Event"),
        (BY_KEY, OF_ACCOUNT, "gateway_dns", "Datetime"),
    ],
)
async def test_every_operation_by_either_way_to_sign_in(
    emulator: Emulating,
    tmp_path: Path,
    credentials: Credentials,
    scope: Scope,
    dataset: str,
    field: str,
) -> None:
    conf, options = f"file://{tmp_path}/logs/{{DATE}}", f"fields={field}"
    base_url = find_base_url(emulator.url, {})
    async with open_api(
        credentials, base_url=base_url, clock=SystemClock(), random=Random(1)
    ) as api:
        filename = await api.challenge(scope, conf)
        token = receiver("token", conf, "--filename", filename).out.strip()
        assert (await api.validate_challenge(scope, conf, token)).valid
        assert not (await api.validate_challenge(scope, conf, f"{token}x")).valid
        assert (await api.validate_destination(scope, conf)).valid
        assert not (await api.validate_destination(scope, "file://elsewhere")).valid
        assert (await api.validate_origin(scope, options, dataset=dataset)).valid
        wrong = await api.validate_origin(scope, "sample=0.0001", dataset=dataset)
        assert (wrong.valid, "0.001" in (wrong.message or "")) == (False, True)
        assert not await api.destination_exists(scope, conf)
        fields = await api.fields(scope, dataset)
        assert field in fields
        assert (await api.fields(scope, dataset, default=True)).keys() <= fields.keys()

        wish = {"dataset": dataset, "destination_conf": conf, "logpull_options": options}
        with pytest.raises(ApiRefused, match="incorrect ownership challenge") as refused:
            await api.create(scope, wish)
        assert (refused.value.status, refused.value.code) == (400, 1002)
        made = await api.create(scope, {**wish, "ownership_challenge": token})
        assert (made.job.id, made.job.enabled) == (1, False)
        assert await api.destination_exists(scope, conf)
        assert await api.list(scope) == await api.list(scope, dataset=dataset) == (made,)
        assert await api.get(scope, 1) == made
        changed = await api.update(scope, 1, {"enabled": True})
        assert changed.fields == {**made.fields, "enabled": True}
        await api.delete(scope, 1)
        with pytest.raises(ApiRefused) as gone:
            await api.get(scope, 1)
        assert gone.value.status == 404


async def test_credentials_that_it_does_not_know_are_denied(emulator: Emulating) -> None:
    base_url = find_base_url(emulator.url, {})
    wrong = Credentials(email=Secret(EMAIL), key=Secret("another"))
    async with open_api(wrong, base_url=base_url, clock=SystemClock(), random=Random(1)) as api:
        with pytest.raises(ApiDenied, match="Logs: Write"):
            await api.list(OF_ZONE)
