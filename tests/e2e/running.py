"""`run` as a process: the daemon beside its buckets, asked over HTTP, ended by signals."""

import asyncio
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from receiver.check.report import Report
from receiver.ledger.ledger import Entry, State
from receiver.ledger.open import open_ledger
from tests.e2e.command import COMMAND, Ended
from tests.e2e.emulating import until

DRAINED_SECONDS = 15.0
ENDS_SECONDS = 30.0


class Running:
    """A running daemon."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            threading.Thread(target=keep.extend, args=(stream,), daemon=True)
            for keep, stream in ((self.out, process.stdout), (self.err, process.stderr))
        ]
        for reader in self._readers:
            reader.start()
        until(lambda: bool(self.out) or process.poll() is not None)
        assert self.out, self.err
        self.url = self.out[0].removeprefix("status page at ").strip().rstrip("/")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status and the body of what is there."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=ENDS_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    @property
    def ready(self) -> bool:
        return self.ask("/readyz")[0] == 200

    def json(self, path: str = "/status.json") -> Any:
        """Return a page's JSON."""
        return json.loads(self.ask(path)[1])

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        lines = self.ask("/metrics")[1].splitlines()
        found = (line.rpartition(" ") for line in lines if line.startswith(name))
        return sum(float(value) for which, _, value in found if which.partition("{")[0] == name)

    @property
    def warnings(self) -> list[str]:
        """What its log says to a person."""
        told = [json.loads(line) for line in self.err if line.startswith("{")]
        return [each["message"] for each in told if each["level"] in {"warning", "error"}]

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as nobody expects."""
        self._process.kill()
        self._process.wait()

    def end(self, number: int = signal.SIGTERM) -> Ended:
        """End it by a signal, in the time that it promises."""
        begun = time.monotonic()
        self._process.send_signal(number)
        code = self._process.wait(ENDS_SECONDS)
        assert time.monotonic() - begun < DRAINED_SECONDS
        for reader in self._readers:
            reader.join(ENDS_SECONDS)
        ended = Ended(code, "".join(self.out), "".join(self.err))
        assert "Traceback" not in ended.err, ended.err
        return ended


@contextmanager
def running(
    config: Path,
    *,
    command: Sequence[str | Path] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run the daemon until the block is left."""
    process = subprocess.Popen(
        [*map(str, command or (*COMMAND, "run")), "--config", str(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        daemon = Running(process)
        until(lambda: daemon.ready or not daemon.alive)
        assert daemon.alive, daemon.err
        yield daemon
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def configure(
    folder: Path,
    *sources: Mapping[str, str],
    ledger: str = "sqlite:///receiver.db",
    watch: str = "",
    intake: str = "",
) -> Path:
    """Write a configuration of sources of jobs; a polling daemon's, so that a test is short."""
    lines = [
        "[ledger]",
        f"url = {json.dumps(ledger)}",
        "[status]",
        'listen = "127.0.0.1:0"',
        "[watch]",
        'poll_min = "1s"',
        'poll_max = "1s"',
        watch,
        "[intake]",
        intake,
    ]
    for source in sources:
        lines.append("[[jobs]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in source.items()]
    config = folder / "receiver.toml"
    config.write_text("\n".join(lines) + "\n")
    return config


def write_jobs(path: Path, *jobs: Mapping[str, Any]) -> dict[str, str]:
    """Write jobs as the API returns them; return the source that names the file."""
    path.write_text(json.dumps(jobs))
    return {"file": path.name}


def ledger_url(folder: Path) -> str:
    """Return where a configuration of `configure` keeps its ledger."""
    return f"sqlite:///{folder / 'receiver.db'}"


def entries(url: str, *, state: State | None = None) -> list[Entry]:
    """Return what a ledger has, by arrival."""

    async def read() -> list[Entry]:
        async with open_ledger(url) as ledger:
            return [entry async for entry in ledger.entries(state=state)]

    return asyncio.run(read())


def report(url: str, entry: Entry) -> Report:
    """Return the whole Report of an Entry."""

    async def read() -> Report | None:
        async with open_ledger(url) as ledger:
            return await ledger.report(entry.id)

    found = asyncio.run(read())
    assert found is not None
    return found


def until_judged(url: str, count: int) -> list[Entry]:
    """Wait until so many are judged, as they have to be soon; return all that there is."""
    found: list[Entry] = []

    def judged() -> bool:
        found[:] = entries(url)
        time.sleep(0.1)
        return sum(each.state is State.JUDGED for each in found) >= count

    until(judged)
    return found
