"""`make score`: every kind of fault planted by the pusher, and what `verify` finds of it.

    python -m tests.score [--store local|s3|r2|gcs|azure|http|sumo]... [--kind K]... [--seed N]

Exits with 1 if anything that was planted is not found, or anything is found that nobody planted.
"""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from receiver.emulator.pusher.kinds import KINDS
from tests.score.judging import scored
from tests.score.places import PLACES
from tests.score.pushing import DATASETS
from tests.score.table import table


def main(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.score", description=__doc__)
    parser.add_argument("--store", choices=PLACES, action="append", help="pushed to (local)")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default every one")
    parser.add_argument("--dataset", choices=DATASETS, action="append", help="default both")
    parser.add_argument("--seed", type=int, default=1, help="other records, other lines (1)")
    given = parser.parse_args(arguments or sys.argv[1:])
    logging.getLogger("receiver.emulator").setLevel(logging.CRITICAL)  # of uploads that must fail
    right = True
    for store in given.store or ["local"]:
        with (
            tempfile.TemporaryDirectory() as folder,
            PLACES[store](Path(folder)) as place,
        ):
            score = scored(
                Path(folder),
                place,
                kinds=[kind for kind in KINDS if kind in (given.kind or KINDS)],
                datasets=given.dataset or list(DATASETS),
                seed=given.seed,
            )
        if given.store:
            print(f"{store}:")
        print("\n".join(table(score)), flush=True)
        right = right and score.right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
