"""Cloudflare's own Python SDK goes through the whole of Logpush's old document, against us.

It checks what it is told by its models, strictly. What it has no method for is asked for raw.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudflare import BadRequestError, Cloudflare, NotFoundError, PermissionDeniedError

from tests.e2e.command import receiver
from tests.e2e.emulating import START, TOKEN, ZONE, Emulating, emulating, verify
from tests.e2e.serving import until

EMAIL, KEY = "ops@example.com", "planted-api-key"
ACCOUNT = "9" * 32
CREDENTIALS = ("--api-token", TOKEN, "--api-key", f"{EMAIL}:{KEY}")
BY_TOKEN = {"api_token": TOKEN}
BY_KEY = {"api_email": EMAIL, "api_key": KEY}


class Scope(msgspec.Struct, frozen=True):
    """Whose jobs, of which data set."""

    kind: str
    id: str
    dataset: str
    field: str

    @property
    def path(self) -> str:
        return f"/{self.kind}s/{self.id}/logpush"

    @property
    def given(self) -> dict[str, Any]:
        """As the SDK's methods take it."""
        return {f"{self.kind}_id": self.id}


HTTP = Scope("zone", ZONE, "http_requests", "EdgeStartTimestamp")
SPECTRUM = Scope("zone", ZONE, "spectrum_events", "Timestamp")
GATEWAY = Scope("account", ACCOUNT, "gateway_dns", "Datetime")


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulating]:
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY"):
        monkeypatch.delenv(name, raising=False)  # the SDK would sign in by these
    with emulating("--start", START, "--speed", "600", credentials=CREDENTIALS) as running:
        yield running
        said = running.end()
    assert TOKEN not in said.out + said.err
    assert KEY not in said.out + said.err


def client_of(emulator: Emulating, credentials: dict[str, str]) -> Cloudflare:
    """Return the SDK's client: an answer that does not fit its models is an error."""
    return Cloudflare(
        base_url=f"{emulator.url}/client/v4",
        _strict_response_validation=True,
        **credentials,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("credentials", "scope"), [(BY_TOKEN, HTTP), (BY_KEY, SPECTRUM), (BY_KEY, GATEWAY)]
)
def test_the_whole_story(
    emulator: Emulating, credentials: dict[str, str], scope: Scope, tmp_path: Path
) -> None:
    logpush = client_of(emulator, credentials).logpush
    conf = f"file://{tmp_path}/logs/{{DATE}}"
    options = f"fields={scope.field}&timestamps=rfc3339"
    wish: dict[str, Any] = {
        "dataset": scope.dataset,
        "destination_conf": conf,
        "logpull_options": options,
        "enabled": True,
        "name": "example.com",
    }

    token = _prove(logpush, conf, scope)
    _judge(logpush, conf, scope, options)
    wrongs: tuple[dict[str, Any], ...] = ({}, {"ownership_challenge": "00000000000000000000"})
    for wrong in wrongs:
        with pytest.raises(BadRequestError, match="incorrect ownership challenge") as refused:
            logpush.jobs.create(**wish, **wrong, **scope.given)
        assert refused.value.errors[0].code == 1002

    job = logpush.jobs.create(**wish, ownership_challenge=token, **scope.given)
    assert job
    assert (job.id, job.dataset, job.enabled, job.kind) == (1, scope.dataset, True, "")
    assert (job.last_complete, job.last_error, job.error_message) == (None, None, None)
    _look(emulator, credentials, scope, conf)

    _complete(logpush, scope)
    as_it_stands = client_of(emulator, credentials).get(f"{scope.path}/jobs/1", cast_to=object)
    found = msgspec.convert(as_it_stands, dict[str, Any])["result"]
    verified = verify(found, tmp_path)
    assert verified.code == 0, verified
    assert verified.json["totals"]["records"] > 0

    changed = logpush.jobs.update(1, enabled=False, name="another.example", **scope.given)
    assert changed
    assert (changed.enabled, changed.name, changed.logpull_options) == (
        False,
        "another.example",
        options,
    )
    with pytest.raises(BadRequestError, match="`kind` cannot be changed"):
        logpush.jobs.update(1, kind="edge", **scope.given)
    deleted = logpush.jobs.delete(1, **scope.given)
    assert deleted
    assert deleted.id == 1
    with pytest.raises(NotFoundError):
        logpush.jobs.get(1, **scope.given)
    _audit(emulator, credentials, scope)


def test_wrong_credentials_are_the_sdks_own_error(emulator: Emulating) -> None:
    for wrong in ({"api_token": "wrong"}, {"api_email": EMAIL, "api_key": "wrong"}):
        with pytest.raises(PermissionDeniedError, match="logpush-receiver emulate: sign in"):
            client_of(emulator, wrong).logpush.jobs.list(zone_id=ZONE)


def test_the_newer_options_come_back_as_they_were_given(
    emulator: Emulating, tmp_path: Path
) -> None:
    logpush = client_of(emulator, BY_TOKEN).logpush
    conf = f"file://{tmp_path}/журнал/日本"
    token = _prove(logpush, conf, HTTP)
    options: dict[str, Any] = {
        "field_names": ["RayID", "EdgeStartTimestamp"],
        "timestamp_format": "rfc3339",
        "sample_rate": 0.5,
        "cve_2021_44228": True,  # the SDK's name for CVE-2021-44228
    }
    job = logpush.jobs.create(
        zone_id=ZONE,
        destination_conf=conf,
        ownership_challenge=token,
        dataset="http_requests",
        output_options=options,  # type: ignore[arg-type]
        max_upload_interval_seconds=30,
        max_upload_records=0,
        frequency="low",
    )
    assert job
    assert job.output_options
    assert job.output_options.cve_2021_44228 is True
    assert job.output_options.field_names == options["field_names"]
    assert job.output_options.sample_rate == 0.5
    assert (job.max_upload_interval_seconds, job.max_upload_records) == (30, 0)
    assert job.frequency == "low"


def _prove(logpush: Any, conf: str, scope: Scope) -> str:
    """Have a challenge written, read its token by our own command, and have it validated."""
    nowhere = logpush.ownership.create(destination_conf="file:///proc/x", **scope.given)
    assert (nowhere.valid, nowhere.filename) == (False, "")
    assert nowhere.message
    challenge = logpush.ownership.create(destination_conf=conf, **scope.given)
    assert (challenge.valid, challenge.message) == (True, "")
    read = receiver("token", conf, "--filename", challenge.filename)
    assert read.code == 0, read
    token = read.out.strip()
    for given, valid in ((token, True), (f"{token}x", False)):
        judged = logpush.ownership.validate(
            destination_conf=conf, ownership_challenge=given, **scope.given
        )
        assert judged.valid is valid
    return token


def _judge(logpush: Any, conf: str, scope: Scope, options: str) -> None:
    """Everything that the API judges without a job."""
    judge = logpush.validate
    assert judge.destination(destination_conf=conf, **scope.given).valid
    wrong = judge.destination(destination_conf="file://elsewhere", **scope.given)
    assert wrong.valid is False
    assert wrong.message
    assert judge.destination_exists(destination_conf=conf, **scope.given).exists is False
    assert judge.destination_exists(destination_conf="s3://foo", **scope.given).exists is False
    of_dataset = {**scope.given, "extra_body": {"dataset": scope.dataset}}  # the SDK sends none
    assert judge.origin(logpull_options=options, **of_dataset).valid
    assert judge.origin(logpull_options="sample=0.1", **scope.given).valid
    for each in ("fields=Nonsense", "sample=0.0001", "timestamps=iso8601"):
        found = judge.origin(logpull_options=each, **of_dataset)
        assert found.valid is False
        assert found.message.startswith("logpush-receiver emulate: ")


def _look(emulator: Emulating, credentials: dict[str, str], scope: Scope, conf: str) -> None:
    """Every way to look at what is there."""
    client = client_of(emulator, credentials)
    logpush = client.logpush
    exists = logpush.validate.destination_exists(destination_conf=conf, **scope.given)
    assert exists
    assert exists.exists is True
    got = logpush.jobs.get(1, **scope.given)
    assert got
    assert (got.id, got.destination_conf) == (1, conf)
    assert [each and each.id for each in logpush.jobs.list(**scope.given)] == [1]
    of_dataset: Any = logpush.datasets.jobs.get(scope.dataset, **scope.given)  # type: ignore[arg-type]
    assert [each and each.id for each in of_dataset] == [1]
    fields = logpush.datasets.fields.get(scope.dataset, **scope.given)  # type: ignore[arg-type]
    assert fields
    assert fields[scope.field].startswith("int or string; ")
    path = f"{scope.path}/datasets/{scope.dataset}/fields/default"
    default = msgspec.convert(client.get(path, cast_to=object), dict[str, Any])
    assert default["success"] is True
    assert default["result"].keys() <= fields.keys()


def _complete(logpush: Any, scope: Scope) -> None:
    """Wait for some batches."""

    def has_pushed() -> bool:
        last = logpush.jobs.get(1, **scope.given).last_complete
        return last is not None and last.isoformat() >= "2026-11-20T10:05"

    until(has_pushed)


def _audit(emulator: Emulating, credentials: dict[str, str], scope: Scope) -> None:
    """What was done, page by page, and by its filters."""
    audit = client_of(emulator, credentials).audit_logs
    told = list(audit.list(account_id=ACCOUNT, direction="asc", per_page=1))
    assert [each.action and each.action.type for each in told] == ["create", "update", "delete"]
    assert all(each.resource and each.resource.id == "1" for each in told)
    email = credentials.get("api_email", "")
    assert {each.actor.email for each in told if each.actor} == {email}
    assert told[1].new_value
    assert '"enabled":false' in told[1].new_value
    (deleted,) = audit.list(
        account_id=ACCOUNT,
        action={"type": "delete"},
        actor={"ip": "127.0.0.0/8"},
        since="2026-11-20",
        id=told[2].id or "",
    )
    assert deleted.when == told[2].when
    assert not list(audit.list(account_id=ACCOUNT, before="2026-11-20"))
    named = list(audit.list(account_id=ACCOUNT, zone={"name": ZONE}))
    assert len(named) == (3 if scope.kind == "zone" else 0)
