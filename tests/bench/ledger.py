"""The ledger: what one intake costs (see, claim, record), however many Entries there are.

python -m tests.bench.ledger                           SQLite in a temporary folder, 200,000
python -m tests.bench.ledger --entries 10000000 --url postgresql://...
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from receiver.check.report import Report, Verdict
from receiver.ledger.columns import micros
from receiver.ledger.ledger import Judgement, Ledger
from receiver.ledger.open import open_ledger
from receiver.store.store import Object
from tests.bench.process import machine

PLACE = "s3://acme-logs/http/{DATE}/"
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOAL = 1.5  # times, from the smallest size to the largest
STEPS = (0.01, 0.1, 1.0)  # of all Entries
PAGE = 1000
ROUNDS = 300

FILL = """
INSERT INTO ledger_entry (place_id, key, etag, state, stored_bytes, arrived_at, seen_at, queued_at,
    claims, job, verdict, records, plain_bytes, compressed_bytes, window_start, window_end,
    begins_at, event_first, event_last, digest, settled_at, judgements, told, counted)
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
SELECT 1, 'http/20260101/20260101T000000Z_20260101T000100Z_' || (1000000000 + i) || '.log.gz',
    '"0f343b0931126a20f133d67c2b018a3b' || i || '"', 'judged', 4236111, at, at, at,
    1, 146, 'pass', 26538, 49722222, 4236111, at, at + 60000000, at, at, at + 60000000,
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', at, 1, {false}, {false}
FROM (SELECT i, {start} + i * CAST({apart} AS BIGINT) AS at FROM n) AS numbered
"""


def name_of(number: int) -> str:
    return f"http/20260101/20260101T000000Z_20260101T000100Z_{1_000_000_000 + number}.log.gz"


async def fill(ledger: Ledger, first: int, last: int) -> None:
    """Put judged Entries in, in the database's own words: a million in a quarter of a minute."""
    database = ledger._database  # type: ignore[attr-defined]
    for start in range(first, last + 1, 200_000):
        statement = FILL.format(
            first=start,
            last=min(start + 199_999, last),
            start=micros(START),
            apart=1_000_000,
            false="0" if database.is_sqlite else "false",
        )
        async with database.writing() as connection:
            await connection.execute(text(statement.replace(":", "\\:")))
    async with database.writing() as connection:
        await connection.execute(text("ANALYZE" if not database.is_sqlite else "SELECT 1"))


def objects(first: int, count: int) -> list[Object]:
    return [
        Object(key=name_of(n), etag=f'"new-{n}"', stored_bytes=4_236_111, arrived_at=START)
        for n in range(first, first + count)
    ]


def known(last: int) -> list[Object]:
    """The page that a watcher lists again and again: the newest keys."""
    return [
        Object(
            key=name_of(n),
            etag=f'"0f343b0931126a20f133d67c2b018a3b{n}"',
            stored_bytes=4_236_111,
            arrived_at=START,
        )
        for n in range(max(1, last - PAGE + 1), last + 1)
    ]


async def intake(ledger: Ledger, last: int, rounds: int, *, first: int) -> dict[str, float]:
    """Median seconds of each call, with so many Entries there; new ones are numbered on."""
    now = START + timedelta(days=400)
    taken: dict[str, list[float]] = {"see 1000 known": [], "see": [], "claim": [], "record": []}
    page = known(last)
    for number in range(rounds):
        fresh = objects(first + number, 1)
        begun = time.perf_counter()
        if number % 10 == 0:
            assert await ledger.see(PLACE, page, now=now) == 0
            taken["see 1000 known"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
        assert await ledger.see(PLACE, fresh, now=now) == 1
        seen = time.perf_counter()
        (claim,) = await ledger.claim(
            PLACE, owner="bench", now=now, until=now + MINUTE, entries_max=8, bytes_max=1 << 24
        )
        claimed = time.perf_counter()
        assert await ledger.record(claim, _judgement(claim.entry.key, claim.entry.etag), now=now)
        taken["see"].append(seen - begun)
        taken["claim"].append(claimed - seen)
        taken["record"].append(time.perf_counter() - claimed)
    costs = {name: statistics.median(each) for name, each in taken.items()}
    return costs | {"intake": sum(costs[name] for name in ("see", "claim", "record"))}


def _judgement(key: str, etag: str) -> Judgement:
    report = Report(
        key=key,
        job=146,
        verdict=Verdict.PASS,
        records=26_538,
        plain_bytes=49_722_222,
        compressed_bytes=4_236_111,
        window=(START, START + MINUTE),
        event_time=(START, START + MINUTE),
        findings=(),
        notes=(),
    )
    return Judgement(report=report, etag=etag, digest="0" * 64)


async def measure(url: str, entries: int, rounds: int) -> list[tuple[int, dict[str, float]]]:
    """Fill an empty ledger step by step; returns the costs at each size."""
    measured = []
    filled, fresh = 0, 2 * entries + 1
    async with open_ledger(url) as ledger:
        await ledger.see(PLACE, objects(2 * entries, 1), now=START)
        await _judge_all(ledger)
        for share in STEPS:
            size = int(entries * share)
            await fill(ledger, filled + 1, size)
            filled = size
            await intake(ledger, size, rounds // 10 + 1, first=fresh)  # what is cold, once
            fresh += rounds
            measured.append((size, await intake(ledger, size, rounds, first=fresh)))
            fresh += rounds
    return measured


async def _judge_all(ledger: Ledger) -> None:
    claims = await ledger.claim(
        PLACE, owner="bench", now=START, until=START, entries_max=8, bytes_max=1 << 24
    )
    for claim in claims:
        await ledger.record(claim, _judgement(claim.entry.key, claim.entry.etag), now=START)


def ledger_cost(entries: int, rounds: int = ROUNDS, url: str | None = None) -> Iterator[str]:
    """Say what an intake costs at several sizes, and how many times the least the most is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        begun = time.perf_counter()
        measured = asyncio.run(measure(url or f"sqlite:///{path}", entries, rounds))
        kind = "PostgreSQL" if url else "SQLite"
        yield f"{kind}: filled and measured in {time.perf_counter() - begun:.0f} s"
        for size, costs in measured:
            told = ", ".join(f"{name} {1000 * each:.2f}" for name, each in costs.items())
            yield f"  {size:>12,} entries: {told} ms"
        ratio = measured[-1][1]["intake"] / measured[0][1]["intake"]
        yield f"  an intake costs {ratio:.2f} times as much (goal <= {GOAL})"
        if not url:
            yield f"  {path.stat().st_size / entries:.0f} bytes an entry"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--entries", type=int, default=200_000, help="at the end (200,000)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each size ({ROUNDS})")
    parser.add_argument("--url", help="of an empty ledger; default SQLite in a temporary folder")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    for line in ledger_cost(arguments.entries, arguments.rounds, arguments.url):
        print(line, flush=True)


if __name__ == "__main__":
    main()
