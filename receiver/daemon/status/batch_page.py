"""A batch's page: its whole Report, and what the ledger knows of the object beside it."""

import msgspec

from receiver.daemon.status.batches import row_of
from receiver.daemon.status.jobs import JobKey
from receiver.daemon.status.scene import Scene
from receiver.daemon.status.views import BatchPage
from receiver.ledger.ledger import Entry

_OF_ENTRY = (
    *("place", "etag", "state", "arrived_at", "seen_at", "judged_at", "judgements"),
    *("digest", "rewrites", "error", "tries"),
)


async def batch_page(scene: Scene, number: int) -> BatchPage | None:
    """Return the page of an Entry; None where its Report is not kept, or never was."""
    report = await scene.ledger.report(number)
    if report is None:
        return None
    page = BatchPage(**msgspec.structs.asdict(report), id=number, at=scene.clock.now())
    entry = await _entry(scene, number, report.key)
    if entry is None:
        return page
    return msgspec.structs.replace(
        page,
        **{name: getattr(entry, name) for name in _OF_ENTRY},
        job_path=f"/jobs/{JobKey.of(entry.job, entry.place).slug}",
        lateness_seconds=row_of(entry).lateness_seconds,
    )


async def _entry(scene: Scene, number: int, key: str) -> Entry | None:
    async for entry in scene.ledger.entries(key=key):
        if entry.id == number:
            return entry
    return None
