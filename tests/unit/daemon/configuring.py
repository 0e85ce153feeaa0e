"""Configurations, jobs and given jobs for the tests of the daemon."""

import json
from pathlib import Path
from typing import Any

import msgspec

from receiver.daemon.job_source import GivenJob
from receiver.job.job import Job, parse_jobs

FIELDS = "fields=RayID,ClientIP&timestamps=rfc3339"
KEY = "PLANTED-access-key"
CONF = f"s3://acme-logs/http/{{DATE}}?region=eu-west-1&access-key-id=AK&secret-access-key={KEY}"

SMALLEST = """
[ledger]
url = "sqlite:///receiver.db"      # or postgresql://...

[status]
listen = "127.0.0.1:8788"          # status page, /metrics, /healthz, /readyz

[[jobs]]
file = "job.json"                  # as the API returns it: one, or a list
"""


def fields(**others: Any) -> dict[str, Any]:
    """Return a job as the API has it."""
    made = {
        "id": 146,
        "dataset": "http_requests",
        "enabled": True,
        "destination_conf": CONF,
        "logpull_options": FIELDS,
    }
    return {**made, **others}


def job(**others: Any) -> Job:
    """Return a job, understood."""
    (made,) = parse_jobs(json.dumps(fields(**others)), source="the test")
    return made


def given(*, source: str = "job.json", endpoint_url: str | None = None, **others: Any) -> GivenJob:
    """Return a job as a source gives it."""
    return GivenJob(job=job(**others), source=source, endpoint_url=endpoint_url)


def without_conf(made: GivenJob) -> GivenJob:
    """Return the same with nothing that says where it writes."""
    return msgspec.structs.replace(
        made, job=msgspec.structs.replace(made.job, destination_conf=None)
    )


def write(folder: Path, text: str = SMALLEST, **jobs: Any) -> Path:
    """Write a configuration, and its job file unless another is given by its stem."""
    for stem, content in ({"job": fields()} | jobs).items():
        (folder / f"{stem}.json").write_text(json.dumps(content))
    path = folder / "receiver.toml"
    path.write_text(text)
    return path
