"""`run` as a process: the daemon beside its buckets, asked over HTTP, ended by signals."""

import asyncio
import json
import signal
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
from tests.e2e.serving import SECONDS_MAX, Serving, started, until

DRAINED_SECONDS = 15.0


class Running(Serving):
    """A running daemon."""

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status and the body of what is there."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=SECONDS_MAX) as answer:
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

    def end(self, number: int = signal.SIGTERM) -> Ended:
        """End it by a signal, in the time that it promises."""
        ended = self.end_within(DRAINED_SECONDS, number)
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
    whole = (*(command or (*COMMAND, "run")), "--config", config)
    with started(whole, environment) as process:
        daemon = Running(process)
        until(lambda: daemon.ready or not daemon.alive)
        assert daemon.alive, daemon.err
        yield daemon


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
