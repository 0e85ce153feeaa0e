"""`emulate` as a process: asked over HTTP, as anybody would, and ended by signals."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.command import COMMAND, Ended, receiver

TOKEN = "planted-api-token"
ZONE = "0123456789abcdef0123456789abcdef"
START = "2026-11-20T10:00:00Z"
FIELDS = "RayID,EdgeStartTimestamp,EdgeEndTimestamp,ClientIP,BotScore"
SECONDS_MAX = 30.0


class Emulating:
    """A running emulator."""

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
        self.url = self.out[0].removeprefix("listening on ").strip()
        self.api = f"{self.url}/client/v4/zones/{ZONE}/logpush"

    def ask(
        self, method: str, path: str, body: object = None, *, token: str = TOKEN
    ) -> dict[str, Any]:
        """Ask the API about the zone, and return the whole answer."""
        request = urllib.request.Request(
            f"{self.api}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))

    def result(self, method: str, path: str, body: object = None) -> Any:
        """Return the result of an answer that has to be a good one."""
        answer = self.ask(method, path, body)
        assert answer["success"], answer
        return answer["result"]

    def create(self, conf: str, *, token: str | None = None, **fields: Any) -> int:
        """Create an enabled job and return its id."""
        given = {
            "dataset": "http_requests",
            "enabled": True,
            "logpull_options": f"fields={FIELDS}&timestamps=rfc3339",
            "destination_conf": conf,
            **fields,
        }
        if token:
            given["ownership_challenge"] = token
        return int(self.result("POST", "jobs", given)["id"])

    def challenge(
        self, conf: str, *, read: str | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        """Ask for a challenge, and read the token as somebody who may read there."""
        found = self.result("POST", "ownership", {"destination_conf": conf})
        assert found["valid"], found
        answered = receiver(
            "token", read or conf, "--filename", found["filename"], environment=environment
        )
        assert answered.code == 0, answered
        return answered.out.strip()

    def job(self, job_id: int = 1) -> dict[str, Any]:
        return dict(self.result("GET", f"jobs/{job_id}"))

    def push_for(self, *, minutes: int, job_id: int = 1) -> None:
        """Wait until so many minutes more, of the emulator's time, have been pushed."""
        found: list[datetime] = []

        def pushed() -> bool:
            complete = self.job(job_id)["last_complete"]
            if complete:
                found.append(datetime.fromisoformat(complete))
            return bool(found) and found[-1] - found[0] >= timedelta(minutes=minutes)

        until(pushed)

    def end(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """End it by a signal, which may take a few seconds."""
        begun = time.monotonic()
        self._process.send_signal(number)
        code = self._process.wait(SECONDS_MAX)
        assert time.monotonic() - begun < 5
        for reader in self._readers:
            reader.join(SECONDS_MAX)
        return Ended(code, "".join(self.out), "".join(self.err))


@contextmanager
def emulating(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    credentials: tuple[str, ...] = ("--api-token", TOKEN),
) -> Iterator[Emulating]:
    """Run the command on a free port until the block is left."""
    process = subprocess.Popen(
        [*COMMAND, "emulate", "--listen", "127.0.0.1:0", *credentials, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield Emulating(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until(done: Callable[[], bool]) -> None:
    """Wait until something is so, as it has to be soon."""
    deadline = time.monotonic() + SECONDS_MAX
    while not done():
        assert time.monotonic() < deadline, "it has not become so"
        time.sleep(0.05)


def verify(
    job: dict[str, Any], folder: Path, *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
) -> Ended:  # fmt: skip
    """Verify a job as the API gives it, where it writes or where the arguments say."""
    file = folder / "job.json"
    file.write_text(json.dumps(job))
    return receiver(
        "verify", "--job", file, *arguments, "--format", "json", environment=environment
    )
