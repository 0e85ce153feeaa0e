"""A batch's page: its whole Report, and what the ledger knows of the object beside it."""

import msgspec

from receiver.daemon.status.batches import row_of
from receiver.daemon.status.jobs import JobKey
from receiver.daemon.status.scene import Scene
from receiver.daemon.status.views import BatchPage

_OF_ENTRY = (
    *("place", "etag", "state", "arrived_at", "seen_at", "judged_at", "judgements"),
    *("digest", "rewrites", "error", "tries"),
)


async def batch_page(scene: Scene, number: int) -> BatchPage | None:
    """Return the page of an Entry; None where its Report is not kept, or never was."""
    entry = await scene.ledger.entry(number)
    report = None if entry is None else await scene.ledger.report(number)
    if entry is None or report is None:
        return None
    return BatchPage(
        **msgspec.structs.asdict(report),
        **{name: getattr(entry, name) for name in _OF_ENTRY},
        id=number,
        at=scene.clock.now(),
        job_path=f"/jobs/{JobKey.of(entry.job, entry.place).slug}",
        lateness_seconds=row_of(entry).lateness_seconds,
    )
