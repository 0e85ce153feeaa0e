"""One life of a daemon process: it is told at which of its steps to kill itself.

    python -m tests.crash.life --config receiver.toml [--kill-after STEP --nth N]

It is `run` but for the clock and for what a production daemon has no switch for.
"""

import argparse
import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from receiver.clock import Clock, SystemClock
from receiver.daemon.logs import set_up_logs
from receiver.daemon.service import Orders, Ready, run_daemon
from receiver.daemon.settings import read_settings
from receiver.emulator.clock import FastClock
from receiver.intake.steps import At, Step, go_on


class SetClock:
    """This machine's clock as somebody may set it: by so many seconds, which a file holds."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._real = SystemClock()

    def now(self) -> datetime:
        return self._real.now() + timedelta(seconds=float(self._file.read_text()))

    def monotonic(self) -> float:
        return self._real.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


def kill_after(step: Step, nth: int) -> At:
    """Return what kills this process when a step was done for the nth time."""
    done = 0

    def at(now: Step) -> None:
        nonlocal done
        done += now is step
        if done == nth and now is step:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def fast_clock(speed: float, since: datetime) -> Clock:
    """Return a clock that has run so fast since then: the same for all who are told the same."""
    real = SystemClock()
    return FastClock(start=since + (real.now() - since) * speed, speed=speed, real=real)


async def live(config: Path, *, clock: Clock, at: At) -> None:
    """Run until SIGTERM, or the step."""
    settings, orders = read_settings(config), Orders()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, orders.stop.set)
    loop.add_signal_handler(signal.SIGHUP, orders.reload.set)
    set_up_logs(settings.log)

    def on_ready(ready: Ready) -> None:
        print(f"status page at {ready.url}/", flush=True)

    await run_daemon(
        config, settings, orders=orders, clock=clock, random=Random(), on_ready=on_ready, at=at
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.life")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--kill-after", type=Step, choices=list(Step))
    parser.add_argument("--nth", type=int, default=1)
    parser.add_argument("--clock", type=Path, help="a file: this clock is so many seconds ahead")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--since", type=datetime.fromisoformat, default=datetime.now(UTC))
    given = parser.parse_args()
    clock = SetClock(given.clock) if given.clock else fast_clock(given.speed, given.since)
    at = kill_after(given.kill_after, given.nth) if given.kill_after else go_on
    asyncio.run(live(given.config, clock=clock, at=at))


if __name__ == "__main__":
    main()
