"""`emulate` as a process: asked over HTTP, as anybody would, and ended by signals."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.command import COMMAND, Ended, receiver
from tests.e2e.serving import SECONDS_MAX, Serving, started, until

TOKEN = "planted-api-token"
ZONE = "0123456789abcdef0123456789abcdef"
START = "2026-11-20T10:00:00Z"
FIELDS = "RayID,EdgeStartTimestamp,EdgeEndTimestamp,ClientIP,BotScore"


class Emulating(Serving):
    """A running emulator."""

    @property
    def api(self) -> str:
        return f"{self.url}/client/v4/zones/{ZONE}/logpush"

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

    def end(self, number: int = signal.SIGTERM) -> Ended:
        """End it by a signal, which may take a few seconds."""
        return self.end_within(5, number)


@contextmanager
def emulating(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    credentials: tuple[str, ...] = ("--api-token", TOKEN),
) -> Iterator[Emulating]:
    """Run the command on a free port until the block is left."""
    command = (*COMMAND, "emulate", "--listen", "127.0.0.1:0", *credentials, *arguments)
    with started(command, environment) as process:
        yield Emulating(process)


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
