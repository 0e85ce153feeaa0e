"""`make bench`: how fast, on how many cores, in how much memory. Ratios, measured in one run.

make bench                                     all of it, about ten minutes
make bench ARGS="speed --dataset dns_logs"     one part, one data set
"""

import argparse
from collections.abc import Iterator

from tests.bench.process import cores, machine, memory, start
from tests.bench.speed import bad, speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parts = ["speed", "bad", "start", "cores", "memory"]
    parser.add_argument(
        "part", nargs="*", choices=[[], *parts], help="what to measure; default all"
    )
    parser.add_argument(
        "--dataset", action="append", default=[], help="for speed; default every one"
    )
    parser.add_argument("--records", type=int, default=20_000, help="of each batch (20,000)")
    parser.add_argument("--rounds", type=int, default=7, help="of each measurement (7)")
    parser.add_argument("--size-mib", type=int, default=1024, help="for memory (1024)")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    for part in arguments.part or parts:
        print(flush=True)
        for line in _measure(part, arguments):
            print(line, flush=True)


def _measure(part: str, arguments: argparse.Namespace) -> Iterator[str]:
    match part:
        case "speed":
            return speed(arguments.records, arguments.rounds, arguments.dataset)
        case "bad":
            return bad(arguments.records, arguments.rounds)
        case "start":
            return start(arguments.rounds)
        case "cores":
            return cores(5 * arguments.records, min(3, arguments.rounds))
        case _:
            return memory(arguments.size_mib)


if __name__ == "__main__":
    main()
