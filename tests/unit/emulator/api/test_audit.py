"""The audit log: each action once, read back by its filters, and never a secret in it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from receiver.emulator.api.audit import page_of, read_query
from receiver.emulator.api.refusals import Refusal
from receiver.emulator.cloud import Scope
from tests.unit.emulator.api.local_cloud import (
    ACCOUNT,
    ACTOR,
    NOW,
    OTHER_ZONE,
    ZONE,
    Cloud,
    code_of,
)

KEYED = "s3://bucket/logs?region=x&access-key-id=AKIA&secret-access-key=SECRET"


@pytest.fixture
async def told(cloud: Cloud) -> Cloud:
    """A minute apart: created, enabled, deleted; then a job of another zone and an account's."""
    await cloud.operations.create(ZONE, ACTOR, {"destination_conf": KEYED, "name": "a"})
    cloud.clock.time = NOW + timedelta(minutes=1)
    await cloud.operations.update(ZONE, ACTOR, 1, {"enabled": True})
    cloud.clock.time = NOW + timedelta(minutes=2)
    cloud.operations.delete(ZONE, ACTOR, 1)
    cloud.clock.time = NOW + timedelta(minutes=3)
    await cloud.job("b", scope=OTHER_ZONE)
    await cloud.job("c", scope=ACCOUNT, dataset="gateway_dns")
    return cloud


def ask(cloud: Cloud, query: Mapping[str, str]) -> list[dict[str, Any]]:
    return page_of(cloud.operations.audit(), read_query(query), ACCOUNT)[0]


def told_of(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["action"]["type"], each["resource"]["id"]) for each in records]


async def test_a_record_has_the_documented_shape(told: Cloud) -> None:
    record = ask(told, {"action.type": "update"})[0]
    old, new = json.loads(record.pop("oldValue")), json.loads(record.pop("newValue"))
    assert len(record.pop("id")) == 36
    assert record == {
        "action": {"type": "update", "result": True},
        "actor": {"id": "a" * 32, "email": "ops@example.com", "ip": "127.0.0.1", "type": "user"},
        "interface": "API",
        "metadata": {"zone_id": ZONE.id, "zone_name": ZONE.id},
        "owner": {"id": ACCOUNT.id},
        "resource": {"id": "1", "type": "logpush_job"},
        "when": "2026-11-22T10:01:00Z",
    }
    assert old["enabled"] is False
    assert new == old | {"enabled": True}
    assert new["destination_conf"] == "s3://bucket/logs"


async def test_what_was_not_there_is_empty(told: Cloud) -> None:
    created, _, deleted = ask(told, {"zone.name": ZONE.id, "direction": "asc"})
    assert (created["oldValue"], deleted["newValue"]) == ("", "")
    assert json.loads(created["newValue"])["name"] == "a"
    assert json.loads(deleted["oldValue"])["enabled"] is True


@pytest.mark.parametrize(
    ("query", "told_ids"),
    [
        ({}, "32111"),
        ({"direction": "asc"}, "11123"),
        ({"action.type": "create", "direction": "asc"}, "123"),
        ({"action.type": "view"}, ""),
        ({"zone.name": OTHER_ZONE.id}, "2"),
        ({"actor.email": "OPS@example.com", "action.type": "delete"}, "1"),
        ({"actor.email": "nobody@example.com"}, ""),
        ({"actor.ip": "127.0.0.1", "action.type": "delete"}, "1"),
        ({"actor.ip": "127.0.0.2"}, ""),
        ({"actor.ip": "127.0.0.0/8", "action.type": "delete"}, "1"),
        ({"actor.ip": "::/0"}, ""),
        ({"id": "nobody's"}, ""),
        ({"since": "2026-11-22T10:02:00Z"}, "321"),
        ({"before": "2026-11-22T10:02:00Z"}, "11"),
        ({"since": "2026-11-22T11:02:00+01:00"}, "321"),
        ({"since": "2026-11-23"}, ""),
        ({"per_page": "2", "direction": "asc"}, "11"),
        ({"per_page": "2", "page": "3", "direction": "asc"}, "3"),
        ({"per_page": "2", "page": "4"}, ""),
        ({"hide_user_logs": "false", "export": "x"}, "32111"),
    ],
)
async def test_filters(told: Cloud, query: dict[str, str], told_ids: str) -> None:
    assert "".join(job_id for _, job_id in told_of(ask(told, query))) == told_ids


async def test_one_entry_is_found_by_its_id(told: Cloud) -> None:
    entry = told.operations.audit()[1]
    (record,) = ask(told, {"id": entry.id})
    assert record["id"] == entry.id


async def test_a_page_tells_how_many_there_are(told: Cloud) -> None:
    _, info = page_of(told.operations.audit(), read_query({"per_page": "2"}), ACCOUNT)
    assert info == {"page": 1, "per_page": 2, "count": 2, "total_count": 5}


async def test_another_accounts_jobs_are_not_shown(told: Cloud) -> None:
    other = Scope(kind="accounts", id="8" * 32)
    records, _ = page_of(told.operations.audit(), read_query({}), other)
    assert [each["resource"]["id"] for each in records] == ["2", "1", "1", "1"]


@pytest.mark.parametrize(
    "query",
    [
        {"direction": "up"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "x"},
        {"page": "²"},
        {"per_page": "1001"},
        {"per_page": ""},
        {"since": "yesterday"},
        {"actor.ip": "localhost"},
        {"before": ""},
    ],
)
def test_a_filter_that_is_none_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Refusal, match=next(iter(query))) as error:
        read_query(query)
    assert code_of(error)[0] == 400


async def test_no_secret_is_kept_in_it(told: Cloud) -> None:
    entries = repr(told.operations.audit())
    assert "SECRET" not in entries
    assert "AKIA" not in entries


async def test_a_refused_operation_leaves_no_entry(cloud: Cloud) -> None:
    cloud.way.refusal = "no"
    with pytest.raises(Refusal):
        await cloud.operations.create(ZONE, ACTOR, {"destination_conf": KEYED})
    assert cloud.operations.audit() == []
