"""Simulated months, one for each seed: every batch is in the ledger once, its verdict true.

python -m tests.simulation                          ten seeds of a month, a few minutes each
python -m tests.simulation --seed 7 --seeds 1       one of them again

Stores fail, hang and deny, the ledger goes away, clocks are set, workers end, and the daemons are
killed between any two steps; a seed says when. What is wrong in the end is printed with its seed.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.simulation.run import run_seed


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--seeds", type=int, default=10, help="how many (10)")
    parser.add_argument("--days", type=float, default=30, help="of each (30)")
    parser.add_argument("--sqlite", action="store_true", help="a real ledger: much slower")
    given = parser.parse_args()
    failed = 0
    for seed in range(given.seed, given.seed + given.seeds):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ledger.db" if given.sqlite else None
            told = run_seed(seed, days=given.days, sqlite=path)
        failed += bool(told.mistakes)
        print(f"seed {seed}: {told.summary}, {time.monotonic() - began:.0f} s", flush=True)
        for mistake in told.mistakes[:10]:
            print(f"  {mistake}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
