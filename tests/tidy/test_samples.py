"""The samples under `config/` are what they claim to be."""

from pathlib import Path

from receiver.destination.parse import parse_destination
from receiver.job.expect import expectation
from receiver.job.job import parse_jobs

CONFIG = Path(__file__).parents[2] / "config"


def test_the_sample_job_is_one_that_can_be_verified_as_it_stands() -> None:
    (job,) = parse_jobs((CONFIG / "job.json").read_bytes(), source="job.json")
    found = expectation(job)
    assert found.fields_explicit
    assert len(found.fields or {}) == 9
    assert found.notes == ()
    assert job.destination_conf is not None
    assert parse_destination(job.destination_conf.reveal()).dated


def test_requirements_are_pinned_hashed_and_name_no_registry() -> None:
    text = (CONFIG / "requirements.txt").read_text()
    assert "://" not in text
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert all("==" in entry for entry in entries)
    assert text.count("--hash=sha256:") >= len(entries)
