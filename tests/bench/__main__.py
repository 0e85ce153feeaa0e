"""`make bench`: how fast, on how many cores, in how much memory. Ratios, measured in one run.

make bench                                     all of it, about a quarter of an hour
make bench ARGS="speed --dataset dns_logs"     one part, one data set
"""

import argparse
from collections.abc import Iterator

from tests.bench.daemon import daemon_speed, steady
from tests.bench.ledger import ledger_cost
from tests.bench.process import cores, machine, memory, start
from tests.bench.speed import bad, speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parts = ["speed", "bad", "start", "cores", "memory", "daemon", "steady", "ledger"]
    parser.add_argument(
        "part", nargs="*", choices=[[], *parts], help="what to measure; default all"
    )
    parser.add_argument(
        "--dataset", action="append", default=[], help="for speed; default every one"
    )
    parser.add_argument("--records", type=int, default=20_000, help="of each batch (20,000)")
    parser.add_argument("--rounds", type=int, default=7, help="of each measurement (7)")
    parser.add_argument("--size-mib", type=int, default=1024, help="for memory (1024)")
    parser.add_argument("--minutes", type=float, default=2, help="for steady (2)")
    parser.add_argument("--entries", type=int, default=200_000, help="for ledger (200,000)")
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
        case "daemon":
            return daemon_speed(arguments.records, 160, min(3, arguments.rounds))
        case "steady":
            return steady(arguments.minutes)
        case "ledger":
            return ledger_cost(arguments.entries)
        case _:
            return memory(arguments.size_mib)


if __name__ == "__main__":
    main()
