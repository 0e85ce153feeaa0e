"""The local Logpush pushes and the daemon watches: each batch is in the ledger once, judged right.

Right is what the manifest of the planned faults says.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from receiver.check.report import Verdict
from receiver.destination.parse import parse_destination
from receiver.emulator.pusher.manifest import Delivered, read_manifest
from receiver.ledger.ledger import Entry, State
from tests.e2e.emulating import Emulating, emulating
from tests.e2e.places import AzurePlace, GCSPlace, S3Place
from tests.e2e.running import (
    Running,
    configure,
    ledger_url,
    running,
    until_judged,
    write_jobs,
)
from tests.servers.azurite import AzureServer
from tests.servers.fake_gcs import GCSServer
from tests.servers.postgres import PostgresServer
from tests.servers.s3 import S3Server

JOBS = (1, 2, 3)
SPEED = 300
PUSHED_MINUTES = 8
FAULTS = (  # an old day's folder is listed every half an hour: no wrong-day-folder here
    *("field-missing", "field-extra", "field-type", "timestamp-format", "duplicate-records"),
    *("gzip-truncated", "gzip-crc", "gzip-garbage", "not-gzip", "batch-empty", "line-not-utf8"),
    *("clock-skew", "dataset-wrong", "duplicate-object", "gap"),
    *("gzip-members", "zero-padding", "many-objects", "reordered"),
)
SPECTRUM = "fields=Application,ClientBytes,ColoCode,Timestamp&timestamps=rfc3339"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Where jobs write and are read: `conf` makes a destination_conf of a folder."""

    conf: Callable[[str], str]
    source: dict[str, str] = {}
    environment: Mapping[str, str] = {}


def in_folder(folder: Path) -> Scene:
    return Scene(conf=lambda path: f"{(folder / 'logs').as_uri()}/{path}/{{DATE}}")


def on_s3(server: S3Server) -> Scene:
    place = S3Place(server)
    return Scene(conf=lambda path: place.conf(f"{path}/{{DATE}}", user=server.owner))


def on_gcs(server: GCSServer) -> Scene:
    place = GCSPlace(server)
    return Scene(conf=lambda path: place.conf(f"{path}/{{DATE}}"), environment=place.environment)


def on_azure(server: AzureServer) -> Scene:
    place = AzurePlace(server)
    return Scene(conf=lambda path: place.conf(f"{path}/{{DATE}}", permission="rlcw"))


def plan(folder: Path) -> Path:
    """Write a plan that spoils about a half of the first job's windows, each kind some."""
    lines = ["seed = 7"]
    for kind in FAULTS:
        lines += ["[[fault]]", f'kind = "{kind}"', 'job = "spoiled"', "probability = 0.12"]
    path = folder / "plan.toml"
    path.write_text("\n".join(lines))
    return path


def create_jobs(emulator: Emulating, scene: Scene) -> None:
    """Create a job that is spoiled, and two that write into one folder."""
    for path, dataset, options in (
        ("spoiled", "http_requests", None),
        ("shared", "http_requests", None),
        ("shared", "spectrum_events", SPECTRUM),
    ):
        conf = scene.conf(path)
        token = None
        if not conf.startswith("s3"):
            token = emulator.challenge(conf, environment=scene.environment)
        fields = {} if options is None else {"logpull_options": options}
        emulator.create(conf, token=token, dataset=dataset, name=path, **fields)


def emulated(folder: Path, scene: Scene) -> Any:
    start = datetime.now(UTC) - timedelta(hours=6)
    return emulating(
        *("--start", f"{start:%Y-%m-%dT%H:%M:%SZ}", "--speed", str(SPEED), "--rate", "120"),
        *("--faults", plan(folder), "--manifest", folder / "manifest.ndjson"),
        "--several-per-destination",
        environment=scene.environment,
    )


def stop_pushing(emulator: Emulating, folder: Path) -> None:
    """Disable the jobs and wait for the last upload: one that is cut off is in no manifest."""
    for job in JOBS:
        emulator.result("PUT", f"jobs/{job}", {"enabled": False})
    written = -1
    while written != (size := (folder / "manifest.ndjson").stat().st_size):
        written = size
        time.sleep(0.7)


def wanted(folder: Path) -> dict[tuple[int | None, str], Verdict | None]:
    """Return what the manifest says: by each object's job and key its verdict."""
    found: dict[tuple[int | None, str], Verdict | None] = {}
    for entry in read_manifest(folder / "manifest.ndjson"):
        if isinstance(entry, Delivered):
            failed = any(each.severity == "error" for each in entry.planted)
            found[entry.job, entry.key] = Verdict.FAIL if failed else Verdict.PASS
    return found


def assert_right(folder: Path, found: list[Entry], jobs: list[dict[str, Any]]) -> None:
    """Hold the ledger against the manifest: each batch once, its job, its verdict."""
    assert {each.state for each in found} == {State.JUDGED}
    assert {each.judgements for each in found} == {1}
    assert len({(each.place, each.key) for each in found}) == len(found)
    names = {(each.job, each.key): each.verdict for each in found}
    assert names == wanted(folder)
    places = {job["id"]: parse_destination(job["destination_conf"]).identity for job in jobs}
    assert all(each.place == places[each.job] for each in found if each.job is not None)


def pushed_and_judged(folder: Path, scene: Scene, *, ledger: str | None = None) -> Running:
    """Push and judge at once; the daemon has ended when this returns."""
    url = ledger or ledger_url(folder)
    with emulated(folder, scene) as emulator:
        create_jobs(emulator, scene)
        jobs = [emulator.job(number) for number in JOBS]
        source = write_jobs(folder / "jobs.json", *jobs) | scene.source
        config = configure(folder, source, ledger=url)
        with running(config, environment=scene.environment) as daemon:
            emulator.push_for(minutes=PUSHED_MINUTES)
            stop_pushing(emulator, folder)
            found = until_judged(url, len(wanted(folder)))
            assert daemon.ready
            ended = daemon.end()
    assert ended.code == 0, ended
    assert len(found) > 45
    assert sum(each.verdict is Verdict.FAIL for each in found) >= 5
    assert_right(folder, found, jobs)
    secrets = [conf.partition("?")[2] for conf in (job["destination_conf"] for job in jobs)]
    assert not any(secret and secret in ended.out + ended.err for secret in secrets)
    return daemon


class TestEveryBatchIsJudgedOnceAsPlanned:
    def test_in_a_local_folder(self, tmp_path: Path) -> None:
        pushed_and_judged(tmp_path, in_folder(tmp_path))

    def test_on_s3(self, moto_server: S3Server, tmp_path: Path) -> None:
        pushed_and_judged(tmp_path, on_s3(moto_server))

    def test_on_ceph_with_the_ledger_in_postgresql(
        self, rgw_server: S3Server, postgres_server: PostgresServer, tmp_path: Path
    ) -> None:
        url = postgres_server.url(postgres_server.make_database())
        pushed_and_judged(tmp_path, on_s3(rgw_server), ledger=url)

    def test_on_google_cloud_storage(self, gcs_server: GCSServer, tmp_path: Path) -> None:
        pushed_and_judged(tmp_path, on_gcs(gcs_server))

    def test_on_azure(self, azure_server: AzureServer, tmp_path: Path) -> None:
        pushed_and_judged(tmp_path, on_azure(azure_server))
