"""`token` and `doctor` asked as a user asks: in a home of their own, and watched for secrets."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jwt

from tests.e2e.command import COMMAND, SECONDS_MAX, Ended
from tests.servers.launch import free_port

ROOT = Path(__file__).parents[2]
PLAIN = "0123456789abcdefABCDEF/+.-_"
"""A token that is no JWT, as the older ones were: every kind of character that one may have."""

MEASURED = (  # runs a command, and tells the most memory that it had, in KiB
    *(sys.executable, "-c"),
    """import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("KiB:", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)""",
)


class Asker:
    """Runs the command with nothing of this machine's clouds around it.

    Whatever comes of it, `secrets` stand nowhere and `tokens` nowhere but on standard output.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cache = home / "cache"
        self.tokens: list[str] = [PLAIN]
        self.secrets: list[str] = []
        self._once: tuple[str, Callable[[], object]] | None = None
        nobody = f"127.0.0.1:{free_port()}"
        self.environment = {
            "PATH": "",  # no az, no pwsh, no gcloud
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "XDG_CACHE_HOME": str(self.cache),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://{nobody}",
            "GCE_METADATA_HOST": nobody,
            "GCE_METADATA_IP": nobody,
        }

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        within: tuple[str, ...] = (),
    ) -> Ended:
        """Run it to its end; `within` is a command that runs it."""
        process = subprocess.Popen(
            [*within, *COMMAND, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.environment, **(environment or {})},
            cwd=self.home,
        )
        with process:
            told = self._follow(process) if self._once else b""
            out, rest = process.communicate(stdin.encode(), timeout=SECONDS_MAX)
        ended = Ended(process.returncode, out.decode(), (told + rest).decode())
        for secret in self.secrets:
            for shape in (secret, quote(secret, safe="")):
                assert shape not in ended.out + ended.err
        for token in self.tokens:
            assert token not in ended.err
        assert "Traceback" not in ended.err, ended
        return ended

    @contextmanager
    def once(self, words: str, then: Callable[[], object]) -> Iterator[None]:
        """Have `then` done as soon as a command that the block runs tells these words."""
        self._once = words, then
        yield
        assert self._once is None, f"{words!r} was never told"

    def _follow(self, process: "subprocess.Popen[bytes]") -> bytes:
        """Read what is told until it is time to do what was asked for."""
        assert self._once
        assert process.stderr
        words, then = self._once
        told = b""
        for line in process.stderr:
            told += line
            if words.encode() in line:
                self._once = None
                then()
                break
        return told

    def token_of(self, claims: Mapping[str, Any]) -> str:
        """Return a JWT with these claims, and watch for it."""
        made = jwt.encode(dict(claims), "a key of 32 bytes or more, which nobody uses", "HS256")
        self.tokens.append(made)
        return made


def reason_of(ended: Ended) -> tuple[str, str]:
    """Return why there is no token, and the right that is missing, of `--format json`."""
    error = ended.json["error"]
    assert error["message"] in " ".join(ended.err.split())  # people are told the same
    return error["reason"], error["right"]


def put(folder: Path, key: str, body: str | bytes = PLAIN, *, age_seconds: float = 0) -> Path:
    """Write a challenge into a folder that stands for a bucket."""
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    written_at = path.stat().st_mtime - age_seconds
    os.utime(path, (written_at, written_at))
    return path


def kib_of(ended: Ended) -> int:
    """Return the most memory that a command had which ran within MEASURED, in KiB."""
    return int(ended.err.split("KiB: ")[1])
