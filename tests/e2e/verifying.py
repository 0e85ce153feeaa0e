"""The command `logpush-receiver` in a process of its own, and what it said; no secret among it."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.servers.launch import free_port

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).with_name("logpush-receiver")
ENDS_SECONDS = 60.0

# the script that the package installs; of a checkout that is not installed, what it calls
PROGRAM = (str(SCRIPT),) if SCRIPT.exists() else (sys.executable, "-m", "receiver.cli.main")

Found = Counter[tuple[str, str, str, str]]
"""Departures by key, code, severity and field."""


class Outcome:
    """How a command ended: its exit code, both streams, and its report where it printed JSON."""

    def __init__(self, code: int, stdout: str, stderr: str, text: str) -> None:
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
        self.text = text  # what `-o` wrote

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.stdout)
        return report

    @property
    def found(self) -> Found:
        found: Found = Counter()
        for batch in self.report["batches"]:
            for each in batch["findings"]:
                place = (batch["key"], each["code"], each["severity"], each["field"])
                found[place] += each["count"]
        return found

    @property
    def keys(self) -> list[str]:
        return [batch["key"] for batch in self.report["batches"]]

    @property
    def said(self) -> str:
        """All that it said, for what may stand in a report or in an error."""
        return f"{self.stdout}\n{self.stderr}"

    def __repr__(self) -> str:
        return f"exit code {self.code}\n{self.stderr}\n{self.stdout}"


class Verify:
    """Runs `verify` in an empty folder, with nothing of this machine's clouds around it.

    Whatever comes of it, none of `secrets` may stand in it, as it is or percent-encoded.
    """

    def __init__(
        self, folder: Path, *, secrets: Sequence[str] = (), environment: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.secrets = list(secrets)
        self._numbers = count()
        self._environment = {**_bare_environment(folder), **environment}

    async def __call__(
        self, job: Mapping[str, Any] | Sequence[Mapping[str, Any]], *arguments: str, **more: Any
    ) -> Outcome:
        """Run it to its end. `environment` is added to its own."""
        process, text = await self.start(job, *arguments, **more)
        return await self.end(process, text)

    async def start(
        self,
        job: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> tuple[asyncio.subprocess.Process, Path]:
        """Start it; return the process, and where its text report will be."""
        number = next(self._numbers)
        jobs, text = self.folder / f"jobs-{number}.json", self.folder / f"report-{number}.txt"
        jobs.write_text(json.dumps(job))
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "verify", *arguments, "--job", str(jobs)),
            *("--format", "json", "-o", str(text)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._environment, **(environment or {})},
            cwd=self.folder,
        )
        return process, text

    async def end(self, process: asyncio.subprocess.Process, text: Path) -> Outcome:
        """Wait for its end; look for secrets in all that it leaves."""
        try:
            async with asyncio.timeout(ENDS_SECONDS):
                stdout, stderr = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        written = text.read_text() if text.exists() else ""
        assert process.returncode is not None
        outcome = Outcome(process.returncode, stdout.decode(), stderr.decode(), written)
        for secret in self.secrets:
            for shape in (secret, quote(secret, safe="")):
                assert shape not in outcome.stdout + outcome.stderr + outcome.text
        assert "Traceback" not in outcome.stderr, outcome
        return outcome


def _bare_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which no usual chain of credentials finds anything, at once."""
    nobody = f"127.0.0.1:{free_port()}"
    return {
        "PATH": "",  # no az, no pwsh
        "HOME": str(folder),
        **({} if SCRIPT.exists() else {"PYTHONPATH": str(ROOT)}),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://{nobody}",
        "GCE_METADATA_HOST": nobody,
        "GCE_METADATA_IP": nobody,
    }
