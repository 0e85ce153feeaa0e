"""Batches made by other tools, byte by byte, with the Report expected of each.

A folder holds `job.json`, one object under its key, and `report.json`. `--update-golden` writes the
reports anew; what changed is then for a person to review.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from receiver.check.plan import Plan
from receiver.check.verifier import BatchVerifier
from receiver.job.expect import expectation
from receiver.job.job import parse_jobs

BATCHES = Path(__file__).parent / "batches"
ARRIVED = datetime(2026, 11, 23, 0, 0, 12, tzinfo=UTC)


@pytest.mark.parametrize("folder", sorted(BATCHES.iterdir()), ids=lambda folder: folder.name)
def test_a_batch_made_elsewhere_has_the_report_expected(
    folder: Path, pytestconfig: pytest.Config
) -> None:
    (job,) = parse_jobs((folder / "job.json").read_bytes(), source="job.json")
    (path,) = (path for path in folder.rglob("*") if path.name.endswith(".log.gz"))
    verifier = BatchVerifier(
        Plan([expectation(job)]), key=str(path.relative_to(folder)), arrived_at=ARRIVED
    )
    verifier.feed(path.read_bytes())
    report = msgspec.json.format(msgspec.json.encode(verifier.close()), indent=2) + b"\n"
    if pytestconfig.getoption("--update-golden"):
        (folder / "report.json").write_bytes(report)
    assert report.decode() == (folder / "report.json").read_text()
