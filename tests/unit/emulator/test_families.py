"""What records have to do with each other: Workers with their requests, connections' two ends."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver.emulator.records import RecordWriter
from receiver.emulator.timestamps import nanoseconds
from receiver.job.catalogue import dataset

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
END = START + timedelta(seconds=30)
HTTP = tuple(dataset("http_requests").fields)
SPECTRUM = tuple(dataset("spectrum_events").fields)

Records = list[dict[str, Any]]


def alone(name: str, fields: tuple[str, ...], count: int) -> Records:
    return list(RecordWriter(name, fields, seed=3).records_alone(START, END, count))


@pytest.fixture(scope="module")
def http() -> Records:
    return alone("http_requests", HTTP, 6000)


def test_a_share_of_the_requests_are_workers_own(http: Records) -> None:
    share = sum(record["WorkerSubrequest"] for record in http) / len(http)
    assert 0.05 < share < 0.35


def test_every_subrequest_has_its_parent_in_the_window_and_every_parent_its_count(
    http: Records,
) -> None:
    asked = Counter(record["ParentRayID"] for record in http if record["WorkerSubrequest"])
    own = {record["RayID"]: record for record in http if not record["WorkerSubrequest"]}
    assert len({record["RayID"] for record in http}) == len(http)
    assert asked.keys() <= own.keys()
    for ray, record in own.items():
        assert record["WorkerSubrequestCount"] == asked[ray]
        assert record["ParentRayID"] == "00"
        assert record["ClientRequestSource"] == "eyeball"
        assert not asked[ray] or record["WorkerScriptName"]


def test_a_subrequest_is_of_its_parents_client_and_time(http: Records) -> None:
    own = {record["RayID"]: record for record in http}
    for child in http:
        if child["WorkerSubrequest"]:
            parent = own[child["ParentRayID"]]
            assert child["ClientIP"] == parent["ClientIP"]
            assert child["ClientRequestSource"] == "edgeWorkerFetch"
            assert child["WorkerSubrequestCount"] == 0
            assert parent["EdgeStartTimestamp"] <= child["EdgeStartTimestamp"]
            assert child["EdgeEndTimestamp"] < parent["EdgeEndTimestamp"]


def test_a_subrequest_is_written_before_its_parent(http: Records) -> None:
    places = {record["RayID"]: place for place, record in enumerate(http)}
    children = [record for record in http if record["WorkerSubrequest"]]
    assert all(places[child["RayID"]] < places[child["ParentRayID"]] for child in children)
    distances = [places[child["ParentRayID"]] - places[child["RayID"]] for child in children]
    assert max(distances) > 3  # families lie mixed


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 9, 50])
def test_families_are_whole_in_the_smallest_window(count: int) -> None:
    for start in range(20):
        at = START + timedelta(minutes=start)
        writer = RecordWriter("http_requests", ["RayID", "ParentRayID"], seed=start)
        records = list(writer.records_alone(at, at + timedelta(seconds=30), count))
        assert len(records) == count
        rays = {record["RayID"] for record in records}
        assert {record["ParentRayID"] for record in records} <= rays | {"00"}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 50, 3000])
def test_every_connection_of_a_window_opens_and_ends_in_it(count: int) -> None:
    records = alone("spectrum_events", SPECTRUM, count)
    events = Counter(record["Event"] for record in records)
    assert len(records) == count
    assert events["connect"] == events["disconnect"] + events["originError"]
    keys = ("Application", "ClientIP", "ClientPort", "ConnectTimestamp")
    opened = {tuple(r[key] for key in keys) for r in records if r["Event"] == "connect"}
    ended = [r for r in records if r["Event"] in {"disconnect", "originError"}]
    assert {tuple(record[key] for key in keys) for record in ended} == opened
    for record in ended:
        assert record["ConnectTimestamp"] <= record["DisconnectTimestamp"] < nanoseconds(END)


def test_after_a_window_alone_others_follow_each_other_as_before() -> None:
    writer = RecordWriter("spectrum_events", SPECTRUM, seed=3)
    list(writer.records_alone(START, END, 100))
    events = Counter(
        record["Event"]
        for number in range(4)
        for record in writer.records(END, END + timedelta(minutes=number + 1), 200)
    )
    assert events["connect"] > events["disconnect"] > 100


@pytest.mark.parametrize("name", ["http_requests", "spectrum_events", "dns_logs", "ssh_logs"])
def test_what_else_is_asked_for_changes_no_value(name: str) -> None:
    fields = tuple(dataset(name).fields)
    some = fields[::3]
    every = alone(name, fields, 200)
    assert alone(name, some, 200) == [{key: record[key] for key in some} for record in every]
