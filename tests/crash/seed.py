"""One seed: a daemon killed some times over one ledger, and what is in that in the end."""

import asyncio
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec

from receiver.destination.parse import parse_destination
from receiver.errors import LedgerUnavailable
from receiver.intake.steps import At, Step, go_on
from receiver.ledger.ledger import Entry
from receiver.ledger.open import open_ledger
from tests.crash.landing import FIELDS, Landing
from tests.crash.life import fast_clock, kill_after, live
from tests.e2e.running import configure, write_jobs
from tests.unit.sweeping import workers

DRAINED_SECONDS = 15.0
LIFE_SECONDS = 25.0  # of a life in which the step to be killed at does not come
LOOK_SECONDS = 0.4
RARE = {Step.RENEWED, Step.PUT_BACK}  # they need a worker that halts


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """When a process ends: after a step of its own, or when so many seconds have passed."""

    step: Step | None = None
    nth: int = 1
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.step} {self.nth}" if self.step else f"{self.seconds:.2f} s"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a seed."""

    mistakes: list[str]
    summary: str


def draw(random: Random) -> Kill:
    """Draw a moment: mostly between two steps, else amid whatever is being done."""
    if random.random() < 0.25:
        return Kill(seconds=random.uniform(0.2, 3.0))
    step = random.choice(list(Step))
    return Kill(step=step, nth=1 if step in RARE else random.choice((1, 1, 2, 3, 5, 8, 13)))


def run_seed(
    seed: int, folder: Path, *, ledger: str, speed: float, within: float, daemons: int = 1
) -> Told:
    """Kill one to three times, and let the last one live until all is judged, `within` seconds."""
    return _Seed(seed, folder, ledger=ledger, speed=speed, within=within).run(daemons)


class _Seed:
    def __init__(
        self, seed: int, folder: Path, *, ledger: str, speed: float, within: float
    ) -> None:
        self._random = Random(seed)
        self._ledger = ledger
        self._folder = folder
        self._speed = speed
        self._within = within
        self._since = datetime.now(UTC)
        self._landing = Landing(folder / "logs", self._random)
        conf = f"file://{folder}/logs/{{DATE}}"
        job = {
            "id": 1, "dataset": "http_requests", "destination_conf": conf,
            "logpull_options": FIELDS, "enabled": True,
        }  # fmt: skip
        source = write_jobs(folder / "jobs.json", job)
        self._config = configure(folder, source, ledger=ledger, intake="processes = 1")
        self._root = parse_destination(conf).prefix_literal

    def run(self, daemons: int) -> Told:
        kills = [draw(self._random) for _ in range(self._random.randint(1, 3))]
        self._landing.write(24)
        died = []
        for kill in kills:
            others = [self._start(go_on) for _ in range(daemons - 1)]
            if self._die(kill):
                died.append(kill)
            self._landing.write(self._random.randint(0, 8))
            self._landing.overwrite(self._random.randint(0, 2))
            for other in others:
                _end(other, signal.SIGKILL)
        begun = time.monotonic()
        process = self._start(go_on)
        limit = self._within / self._speed
        in_time = _until(lambda: self._landing.is_done(self._entries()), limit)
        seconds = (time.monotonic() - begun) * self._speed
        mistakes = [*self._landing.mistakes(self._entries(), root=self._root)]
        if not in_time:
            mistakes.append(f"not all was judged {self._within:g} s after the restart")
        ending = time.monotonic()
        code = _end(process, signal.SIGTERM)
        if code or time.monotonic() - ending > DRAINED_SECONDS:
            took = time.monotonic() - ending
            mistakes.append(f"SIGTERM: exit code {code} after {took:.1f} s")
        told = ", ".join(map(str, died)) or "nothing"
        summary = (
            f"killed after {told}; {len(self._landing.contents)} names,"
            f" {seconds:.0f} s after the restart, {len(mistakes)} mistakes"
        )
        return Told(mistakes=mistakes, summary=summary)

    def _die(self, kill: Kill) -> bool:
        """Have a daemon killed; tell whether it came to that."""
        at = kill_after(kill.step, kill.nth) if kill.step else go_on
        process = self._start(at)
        deadline = kill.seconds if kill.step is None else max(LIFE_SECONDS / self._speed, 4.0)
        ends_at = time.monotonic() + deadline
        disturbed = kill.step not in RARE
        while time.monotonic() < ends_at:
            if not disturbed:
                disturbed = self._disturb(process, kill.step is Step.PUT_BACK)
            if os.waitpid(process, os.WNOHANG)[0]:
                return True
            time.sleep(0.02)
        _end(process, signal.SIGKILL)
        return kill.step is None

    def _disturb(self, process: int, take_away: bool) -> bool:
        """Halt a worker, once there is one, for longer than a renewal takes."""
        found = workers(process)
        if not found:
            return False
        for worker in found:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGSTOP)
        self._landing.write(4)
        time.sleep(0.3 if take_away else 11 / self._speed)
        if take_away:
            self._landing.remove(3)
        for worker in found:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGCONT)
        return True

    def _start(self, at: At) -> int:
        sys.stdout.flush()
        process = os.fork()
        if process:
            return process
        code = 70
        try:
            with (self._folder / "daemon.log").open("ab") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            clock = fast_clock(self._speed, self._since)
            asyncio.run(live(self._config, clock=clock, at=at))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _entries(self) -> list[Entry]:
        async def read() -> list[Entry]:
            async with open_ledger(self._ledger) as ledger:
                return [entry async for entry in ledger.entries()]

        try:
            return asyncio.run(read())
        except LedgerUnavailable:
            return []


def _end(process: int, number: int) -> int:
    os.kill(process, number)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _until(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(LOOK_SECONDS)
    return done()
