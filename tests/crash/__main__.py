"""Daemons killed by SIGKILL at moments that a seed picks: nothing is lost, doubled or judged wrong.

python -m tests.crash                        a hundred seeds, by turns on SQLite and PostgreSQL
python -m tests.crash --seed 7 --seeds 1     one of them again

Each is killed one to three times, between two steps of an intake or amid one, over the same
ledger, while batches land, are overwritten and taken away. What a dead process had must be judged
60 s after the last restart. With `--speed 4` the daemon's clock runs so fast, and claims expire so
soon.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.crash.seed import Told, run_seed
from tests.servers.postgres import PostgresServer, postgres


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--seeds", type=int, default=100, help="how many (100)")
    parser.add_argument("--ledger", choices=["sqlite", "postgresql"], help="default by turns")
    parser.add_argument("--speed", type=float, default=1.0, help="of the daemon's clock (1)")
    parser.add_argument("--within", type=float, default=60.0, help="seconds to judge all in (60)")
    parser.add_argument("--daemons", type=int, default=1, help="at a time, one killed (1)")
    parser.add_argument("--jobs", type=int, default=8, help="seeds at once (8)")
    given = parser.parse_args()
    kinds = [given.ledger] if given.ledger else ["sqlite", "postgresql"]
    failed = 0
    running: set[int] = set()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        server = stack.enter_context(postgres(root)) if "postgresql" in kinds else None
        for seed in range(given.seed, given.seed + given.seeds):
            if len(running) >= given.jobs:
                failed += _reap(running)
            kind = kinds[seed % len(kinds)]
            running.add(_begin(seed, root, kind, server, given))
        while running:
            failed += _reap(running)
    print(f"{given.seeds} seeds, {failed} with mistakes")
    return 1 if failed else 0


def _begin(
    seed: int,
    root: Path,
    kind: str,
    server: PostgresServer | None,
    given: argparse.Namespace,
) -> int:
    """Run a seed in a process of its own: what it forks must have one thread only."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        folder = root / str(seed)
        folder.mkdir()
        url = f"sqlite:///{folder / 'receiver.db'}"
        if server is not None and kind == "postgresql":
            server.run("postgres", f"CREATE DATABASE crash_{seed}")
            url = server.url(f"crash_{seed}")
        begun = time.monotonic()
        told = run_seed(
            seed,
            folder,
            ledger=url,
            speed=given.speed,
            within=given.within,
            daemons=given.daemons,
        )
        _print(seed, kind, told, time.monotonic() - begun, folder / "daemon.log")
        code = 1 if told.mistakes else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _print(seed: int, kind: str, told: Told, seconds: float, log: Path) -> None:
    lines = [f"seed {seed}, {kind}: {told.summary}, {seconds:.0f} s", *told.mistakes[:10]]
    text = log.read_text() if log.exists() else ""
    if told.mistakes or "Traceback" in text:
        lines.append(text[-4000:])
    print("\n  ".join(lines), flush=True)


def _reap(running: set[int]) -> bool:
    process, status = os.wait()
    running.discard(process)
    return os.waitstatus_to_exitcode(status) != 0


if __name__ == "__main__":
    sys.exit(main())
