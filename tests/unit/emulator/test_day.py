import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from receiver.emulator.day import DemoDay, traffic_share, write_day

DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> DemoDay:
    return write_day(tmp_path_factory.mktemp("day"), seed=1, day=DAY)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*.gz")}


def test_the_same_seed_writes_the_same_bytes(written: DemoDay, tmp_path: Path) -> None:
    again = write_day(tmp_path, seed=1, day=DAY)
    assert contents(again.folder) == contents(written.folder)
    assert again.planted == written.planted


def test_at_least_ten_kinds_of_fault_are_in_objects_of_their_own(written: DemoDay) -> None:
    assert len(written.planted) >= 12
    assert len({fault.code for fault in written.planted}) >= 10
    keys = [fault.key for fault in written.planted]
    assert len(set(keys)) == len(keys)
    assert all((written.folder / key).is_file() for key in keys)


def test_the_other_objects_are_clean(written: DemoDay) -> None:
    spoiled = {fault.key for fault in written.planted}
    fields = {job["id"]: asked_fields(job) for job in jobs(written)}
    records = 0
    for key, body in contents(written.folder).items():
        if key in spoiled or key.endswith("test.txt.gz"):
            continue
        asked = fields[146 if key.startswith("http/") else 147]
        for line in gzip.decompress(body).splitlines():
            assert json.loads(line).keys() == asked
            records += 1
    assert 55_000 < records < 85_000


def test_the_sample_is_of_the_reference(written: DemoDay) -> None:
    lines = sum(
        len(gzip.decompress(body).splitlines())
        for key, body in contents(written.folder).items()
        if key.startswith("http/2") and key not in {fault.key for fault in written.planted}
    )
    assert lines / written.reference[146] == pytest.approx(0.1, rel=0.1)


def test_the_jobs_are_in_the_apis_envelope_and_write_to_this_folder(written: DemoDay) -> None:
    http, spectrum = jobs(written)
    assert (http["id"], http["dataset"]) == (146, "http_requests")
    assert (spectrum["id"], spectrum["dataset"]) == (147, "spectrum_events")
    assert http["destination_conf"] == f"file://{written.folder}/http/{{DATE}}"
    assert "timestamps=unixnano" in http["logpull_options"]
    assert spectrum["output_options"]["timestamp_format"] == "rfc3339"


def test_traffic_follows_the_day() -> None:
    evening, night = (datetime(2026, 11, 21, hour, tzinfo=UTC) for hour in (20, 8))
    assert traffic_share(evening) == 1
    assert traffic_share(night) == pytest.approx(0.25)


def jobs(written: DemoDay) -> list[dict[str, Any]]:
    envelope = json.loads(written.jobs_file.read_bytes())
    assert envelope["success"] is True
    result: list[dict[str, Any]] = envelope["result"]
    return result


def asked_fields(job: dict[str, Any]) -> set[str]:
    if "output_options" in job:
        return set(job["output_options"]["field_names"])
    query = dict(part.split("=", 1) for part in job["logpull_options"].split("&"))
    return set(query["fields"].split(","))
