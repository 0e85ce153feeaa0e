"""What other people's programs compress and upload is read as it was meant, on every cloud."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from boto3.s3.transfer import TransferConfig

from tests.e2e.compressors import TOOLS, installed, need
from tests.e2e.deliveries import Delivery, clean, job
from tests.e2e.places import AzurePlace, GCSPlace, Place, S3Place
from tests.e2e.verifying import Verify
from tests.servers.azurite import AzureServer
from tests.servers.fake_gcs import GCSServer
from tests.servers.s3 import S3Server

MULTIPART_BYTES = 5 << 20
"""S3 takes no smaller part, but for the last."""


@pytest.fixture(scope="module")
def s3(moto_server: S3Server) -> S3Place:
    return S3Place(moto_server)


@pytest.fixture(scope="module")
def gcs(gcs_server: GCSServer) -> GCSPlace:
    return GCSPlace(gcs_server)


@pytest.fixture(scope="module")
def azure(azure_server: AzureServer) -> AzurePlace:
    return AzurePlace(azure_server)


async def passes(place: Place, path: str, delivery: Delivery, folder: Path) -> None:
    """Verify a delivery that lies where a job writes: all of it is there, nothing is found."""
    (folder / "verify").mkdir()
    verify = Verify(folder / "verify", secrets=place.secrets, environment=place.environment)
    outcome = await verify(job(place.conf(path)))
    assert outcome.code == 0, outcome
    assert outcome.report["totals"] == delivery.totals


def on_disk(delivery: Delivery, folder: Path) -> Path:
    """Write a delivery below a folder, for a program that uploads folders."""
    for key, body in {**delivery.objects, **delivery.companions}.items():
        path = folder / "upload" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder / "upload"


def run(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> None:
    done = subprocess.run(
        command,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rclone(source: Path, remote: str, environment: Mapping[str, str], folder: Path) -> None:
    """Upload a folder; the remote is described by RCLONE_ variables alone."""
    own = {f"RCLONE_{name}": value for name, value in environment.items()}
    run([need("rclone"), "copy", "--retries", "1", source, remote], own, folder)


def aws(server: S3Server) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": server.owner.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.owner.secret_access_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.mark.parametrize("tool", TOOLS)
async def test_whatever_a_compressor_does_is_read(s3: S3Place, tmp_path: Path, tool: str) -> None:
    need(tool)
    path = f"compressed-by-{tool}/{{DATE}}/"
    delivery = clean(path, list(TOOLS[tool].values()), tmp_path, records=[200])
    await passes(s3, path, s3.deliver(delivery), tmp_path)


async def test_boto3s_multipart_upload_is_one_batch(s3: S3Place, tmp_path: Path) -> None:
    stored = TOOLS["python3"]["Python's gzip, stored"]
    delivery = clean("boto3/", [stored], tmp_path, count=1, records=[8000])
    source, client = on_disk(delivery, tmp_path), s3.server.client()
    for key in delivery.objects:
        client.upload_file(
            str(source / key),
            s3.bucket,
            key,
            ExtraArgs={"ContentEncoding": "gzip", "ContentType": "application/json"},
            Config=TransferConfig(
                multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES
            ),
        )
        assert client.head_object(Bucket=s3.bucket, Key=key)["ETag"].endswith('-2"')
    await passes(s3, "boto3/", delivery, tmp_path)


@pytest.mark.parametrize("metadata", [(), ("--content-encoding", "gzip", "--sse", "AES256")])
async def test_aws_s3_cp(s3: S3Place, tmp_path: Path, metadata: tuple[str, ...]) -> None:
    path = f"aws-cp{len(metadata)}/{{DATE}}/"
    delivery = clean(path, installed(), tmp_path)
    source = on_disk(delivery, tmp_path)
    where = ("--endpoint-url", s3.server.url, "--recursive", "--only-show-errors")
    command: list[str | Path] = [
        need("aws"),
        "s3",
        "cp",
        *where,
        *metadata,
        source,
        f"s3://{s3.bucket}/",
    ]
    run(command, aws(s3.server), tmp_path)
    await passes(s3, path, delivery, tmp_path)


async def test_rclone_copy_to_s3(s3: S3Place, tmp_path: Path) -> None:
    delivery = clean("rclone/{DATE}/", installed(), tmp_path)
    remote = {
        "S3_PROVIDER": "Other",
        "S3_ENDPOINT": s3.server.url,
        "S3_ACCESS_KEY_ID": s3.server.owner.access_key_id,
        "S3_SECRET_ACCESS_KEY": s3.server.owner.secret_access_key,
        "S3_NO_CHECK_BUCKET": "true",
    }
    rclone(on_disk(delivery, tmp_path), f":s3:{s3.bucket}", remote, tmp_path)
    await passes(s3, "rclone/{DATE}/", delivery, tmp_path)


async def test_rclone_copy_to_gcs(gcs: GCSPlace, tmp_path: Path) -> None:
    delivery = clean("rclone/{DATE}/", installed(), tmp_path)
    remote = {
        "GCS_ENDPOINT": f"http://127.0.0.1:{gcs.port}/storage/v1/",
        "GCS_ANONYMOUS": "true",
        "GCS_NO_CHECK_BUCKET": "true",
    }
    rclone(on_disk(delivery, tmp_path), f":gcs:{gcs.bucket}", remote, tmp_path)
    await passes(gcs, "rclone/{DATE}/", delivery, tmp_path)


async def test_rclone_copy_to_azure(azure: AzurePlace, tmp_path: Path) -> None:
    delivery = clean("rclone/{DATE}/", installed(), tmp_path)
    conf = azure.conf("", permission="rwlc")
    remote = {"AZUREBLOB_SAS_URL": conf.replace("azure://", "http://").replace("/?", "?")}
    rclone(on_disk(delivery, tmp_path), f":azureblob:{azure.container}", remote, tmp_path)
    await passes(azure, "rclone/{DATE}/", delivery, tmp_path)
