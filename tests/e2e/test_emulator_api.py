"""The old Logpush document's own curl commands, every one, against the local API."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from receiver.emulator.api.credentials import Credentials
from receiver.secret import Secret
from tests.servers.emulator_api import serving
from tests.unit.emulator.api.local_cloud import ACCOUNT, ZONE, Cloud, make_cloud

EMAIL, KEY, TOKEN = "ops@example.com", "PLANTED-key", "PLANTED-token"
CREDENTIALS = Credentials(tokens=(Secret(TOKEN),), keys=((EMAIL, Secret(KEY)),))
NONE: dict[str, Any] = {"errors": [], "messages": [], "success": True}

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


@dataclass
class Curl:
    """curl, signed in as the document does it."""

    url: str
    base: str = f"/client/v4/zones/{ZONE.id}/logpush"

    def __call__(self, *arguments: str, path: str) -> tuple[int, dict[str, Any]]:
        command = ["curl", "-s", "-w", "\n%{http_code}", "-H", f"X-Auth-Email: {EMAIL}"]
        command += ["-H", f"X-Auth-Key: {KEY}", *arguments, f"{self.url}{self.base}{path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    def post(self, path: str, **body: object) -> tuple[int, dict[str, Any]]:
        """As the document does: -XPOST and -d, so the Content-Type is a form's."""
        return self("-XPOST", "-d", json.dumps(body), path=path)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return make_cloud(tmp_path)


@pytest.fixture
def curl(cloud: Cloud) -> Iterator[Curl]:
    with serving(cloud.operations, CREDENTIALS) as url:
        yield Curl(url)


def test_connecting(curl: Curl) -> None:
    assert curl(path="/jobs") == (200, {**NONE, "result": []})


def test_an_ownership_challenge(curl: Curl, cloud: Cloud) -> None:
    status, answer = curl.post("/ownership", destination_conf="s3://bucket/path?region=us-west-2")
    filename = "path/ownership-challenge-000000ab.txt"
    result = {"valid": True, "message": "", "filename": filename}
    assert (status, answer) == (200, {**NONE, "result": result})
    assert [upload.key for upload in cloud.way.uploads] == [filename]


def test_is_a_destination_in_use(curl: Curl) -> None:
    answer = curl.post("/validate/destination/exists", destination_conf="s3://foo")
    assert answer == (200, {**NONE, "result": {"exists": False}})


def test_are_options_valid(curl: Curl) -> None:
    options = "fields=RayID,ClientIP,EdgeStartTimestamp&timestamps=rfc3339"
    answer = curl.post("/validate/origin", logpull_options=options, dataset="http_requests")
    assert answer == (200, {**NONE, "result": {"valid": True, "message": ""}})


@pytest.mark.parametrize(
    ("base", "dataset", "field"),
    [
        (f"/client/v4/zones/{ZONE.id}/logpush", "http_requests", "RayID"),
        (f"/client/v4/accounts/{ACCOUNT.id}/logpush", "gateway_dns", "Datetime"),
    ],
)
def test_the_whole_story(curl: Curl, cloud: Cloud, base: str, dataset: str, field: str) -> None:
    """Challenge, token, job, every way to look at it, change, delete: twelve operations."""
    curl.base = base
    conf = cloud.conf("logs/{DATE}")
    answer = curl.post("/ownership", destination_conf=conf)[1]
    token = (cloud.folder / "logs" / answer["result"]["filename"]).read_text()
    proof = {"destination_conf": conf, "ownership_challenge": token}
    assert curl.post("/ownership/validate", **proof)[1]["result"] == {"valid": True}
    options = f"fields={field}&timestamps=rfc3339"
    assert curl.post("/validate/origin", logpull_options=options, dataset=dataset)[1]["result"][
        "valid"
    ]

    status, answer = curl.post(
        "/jobs", name="example.com", dataset=dataset, logpull_options=options, **proof
    )
    job = answer["result"]
    assert status == 201
    assert (job["id"], job["enabled"], job["logpull_options"]) == (1, False, options)
    exists = curl.post("/validate/destination/exists", destination_conf=conf)[1]["result"]
    assert exists == {"exists": True}
    assert curl(path="/jobs/1") == (200, {**NONE, "result": job})
    assert curl(path="/jobs") == (200, {**NONE, "result": [job]})
    assert curl(path=f"/datasets/{dataset}/jobs")[1]["result"] == [job]
    assert field in curl(path=f"/datasets/{dataset}/fields")[1]["result"]
    assert field in curl(path=f"/datasets/{dataset}/fields/default")[1]["result"]
    assert curl.post("/validate/destination", destination_conf=conf)[1]["result"]["valid"]

    status, answer = curl("-XPUT", "-d", '{"enabled":true}', path="/jobs/1")
    assert (status, answer["result"]) == (200, {**job, "enabled": True})
    assert curl("-XDELETE", path="/jobs/1") == (200, {**NONE, "result": {"id": 1}})
    assert curl(path="/jobs/1")[0] == 404

    curl.base = f"/client/v4/accounts/{ACCOUNT.id}"
    records = curl(path="/audit_logs?direction=asc")[1]["result"]
    assert [each["action"]["type"] for each in records] == ["create", "update", "delete"]


def test_a_job_without_its_token(curl: Curl, cloud: Cloud) -> None:
    for extra in ({}, {"ownership_challenge": "00000000000000000000"}):
        status, answer = curl.post("/jobs", destination_conf=cloud.conf(), **extra)
        errors = [{"code": 1002, "message": "incorrect ownership challenge"}]
        failed = {"errors": errors, "messages": [], "result": None, "success": False}
        assert (status, answer) == (400, failed)


def test_nothing_secret_is_logged(
    curl: Curl, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    conf = "s3://bucket/logs?region=x&access-key-id=PLANTED-id&secret-access-key=PLANTED-secret"
    assert curl.post("/jobs", destination_conf=conf)[0] == 201
    cloud.way.refusal = "no"
    assert curl("-XPUT", "-d", '{"enabled":true}', path="/jobs/1")[0] == 400
    assert curl("-XDELETE", path="/jobs/1")[0] == 200
    assert curl("-H", "Authorization: Bearer PLANTED", path="/jobs?x=PLANTED")[0] == 200
    assert "logpush/jobs: 201" in caplog.text
    assert "PLANTED" not in caplog.text
