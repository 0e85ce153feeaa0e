"""Mutated batches for as long as there is time: the checker against the oracle.

    python -m tests.fuzz [--seed N] [--seconds S]

Each seed is one batch, whole and line by line; a seed that differs is printed with what differs,
and fails the run at its end. The same seed makes the same batch.
"""

import argparse
import gzip
import sys
import time
from random import Random

from tests.fuzz.agree import differences, make_case, report_of

LINES_ALONE = 3
SHOWN_CHARS = 300


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("--seed", type=int, default=0, help="the first seed")
    arguments.add_argument("--seconds", type=float, default=600.0, help="how long to go on")
    given = arguments.parse_args()
    seed, failed, until = given.seed, 0, time.monotonic() + given.seconds
    while time.monotonic() < until:
        found = _differences(seed)
        if found:
            failed += 1
            print(f"seed {seed}: {'; '.join(each[:SHOWN_CHARS] for each in found[:5])}", flush=True)
        seed += 1
    print(f"{seed - given.seed:,} batches from seed {given.seed}, {failed:,} judged differently")
    return 1 if failed else 0


def _differences(seed: int) -> list[str]:
    """All that differs about the batch of a seed; an exception is a difference too."""
    case, random = make_case(seed), Random(seed)
    try:
        found = differences(case.job, case.data)
        places = sorted(random.randrange(len(case.data) + 1) for _ in range(3))
        chunks = (
            case.data[start:end]
            for start, end in zip([0, *places], [*places, len(case.data)], strict=True)
        )
        if report_of(case.job, chunks) != report_of(case.job, [case.data]):
            found.append(f"another report when cut at {places}")
        lines = list(dict.fromkeys(case.plain.split(b"\n")))
        for line in random.sample(lines, min(LINES_ALONE, len(lines))):
            alone = differences(case.job, gzip.compress(line + b"\n", 1))
            found += [f"alone, line {line[:80]!r}: {each}" for each in alone]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return found


if __name__ == "__main__":
    sys.exit(main())
