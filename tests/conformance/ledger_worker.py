"""A process that judges what waits in a ledger until nothing does, as a daemon would.

python -m tests.conformance.ledger_worker URL_FILE OWNER      prints each key that it has judged
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from receiver.errors import LedgerUnavailable
from receiver.ledger.ledger import Ledger
from receiver.ledger.open import open_ledger
from tests.conformance.ledger_suite import PLACE, judgement

HELD = timedelta(seconds=2)
IDLE_SECONDS = 3.0  # longer than a dead one's claims are held


async def work(ledger: Ledger, owner: str) -> None:
    idle_since = datetime.now(UTC)
    while (datetime.now(UTC) - idle_since).total_seconds() < IDLE_SECONDS:
        now = datetime.now(UTC)
        try:
            claims = await ledger.claim(
                PLACE, owner=owner, now=now, until=now + HELD, entries_max=4, bytes_max=1 << 20
            )
            for claim in claims:
                if await ledger.record(claim, judgement(claim), now=now):
                    sys.stdout.write(f"{claim.entry.key}\n")
                    sys.stdout.flush()
                idle_since = datetime.now(UTC)
            if not claims:
                await asyncio.sleep(0.05)
        except LedgerUnavailable:
            await asyncio.sleep(0.05)


async def main(url: str, owner: str) -> None:
    async with open_ledger(url) as ledger:
        await work(ledger, owner)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text(), sys.argv[2]))
