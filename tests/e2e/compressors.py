"""Batches compressed by other programs than ours: gzip, pigz, Python's gzip."""

import gzip
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

Compress = Callable[[bytes, Path], bytes]


def _file(program: str, *options: str) -> Compress:
    """Compress a file by its name, which goes into the header with its time."""

    def compress(plain: bytes, folder: Path) -> bytes:
        path = folder / "batch.log"
        path.write_bytes(plain)
        subprocess.run([program, *options, "--keep", "--force", path], check=True, timeout=20)
        return path.with_name("batch.log.gz").read_bytes()

    return compress


def _pipe(program: str, *options: str) -> Compress:
    def compress(plain: bytes, folder: Path) -> bytes:
        return subprocess.run(
            [program, *options, "--stdout"], input=plain, stdout=-1, check=True, timeout=20
        ).stdout

    return compress


def _python(level: int, plain: bytes, folder: Path) -> bytes:
    return gzip.compress(plain, level)


def _members(plain: bytes, folder: Path) -> bytes:
    """`cat a.gz b.gz`, cut inside a line."""
    half = len(plain) // 2
    (folder / "a").write_bytes(plain[:half])
    (folder / "b").write_bytes(plain[half:])
    subprocess.run(["gzip", "-1", "--force", "a"], cwd=folder, check=True, timeout=20)
    subprocess.run(["gzip", "-9", "--force", "b"], cwd=folder, check=True, timeout=20)
    return subprocess.run(
        ["cat", "a.gz", "b.gz"], cwd=folder, stdout=-1, check=True, timeout=20
    ).stdout


TOOLS: dict[str, dict[str, Compress]] = {
    "gzip": {
        "gzip -1 of a file, with its name": _file("gzip", "-1"),
        "gzip -6 of a pipe": _pipe("gzip", "-6"),
        "gzip -9 of a file": _file("gzip", "-9"),
        "gzip --rsyncable": _pipe("gzip", "--rsyncable"),
        "two members, one after the other": _members,
    },
    "pigz": {
        "pigz, two processes": _pipe("pigz", "-p", "2", "-b", "32"),
        "pigz of a file, with its name": _file("pigz", "-p", "2", "-b", "32"),
        "pigz, independent blocks": _pipe("pigz", "-p", "2", "-b", "32", "-i"),
        "pigz --rsyncable": _pipe("pigz", "-p", "2", "-R"),
    },
    "python3": {
        "Python's gzip": partial(_python, 9),
        "Python's gzip, stored": partial(_python, 0),
    },
}
"""By the program that is needed, then by what is done with it."""


def installed() -> list[Compress]:
    """Return every way to compress that this machine has."""
    return [
        compress for tool, ways in TOOLS.items() if shutil.which(tool) for compress in ways.values()
    ]


def need(program: str) -> str:
    """Return where a program is; skip the test where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"not installed: {program}: tests/servers/install.sh")
    return found
