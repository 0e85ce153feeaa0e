"""The README's story of the local Logpush, run by a shell as it stands there."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND
from tests.e2e.emulating import Emulating

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text().partition("## A Logpush of your own")[2]
EMULATE, STORY, *_ = re.findall(r"(?:^ {4}.*\n)+", SECTION, re.MULTILINE)
"""The first two blocks: one for each terminal."""


@pytest.fixture
def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "CLOUDFLARE" not in name}
    return kept | {"PATH": f"{Path(COMMAND[0]).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}


@pytest.fixture
def emulator(tmp_path: Path, environment: dict[str, str]) -> Iterator[Emulating]:
    (tmp_path / "config").symlink_to(ROOT / "config")
    process = subprocess.Popen(
        [*shlex.split(EMULATE), "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    running = Emulating(process)
    yield running
    running.end()


def test_the_story_goes_as_told_and_the_planted_faults_are_found(
    emulator: Emulating, tmp_path: Path, environment: dict[str, str]
) -> None:
    story = STORY.replace("http://127.0.0.1:8787", emulator.url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", story],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done  # the last of its commands is `verify`, and it finds faults
    assert '"ownership_challenge"' not in done.stdout
    assert "field-missing  BotScore" in done.stdout
    assert "gzip-truncated" in done.stdout
    assert "; 2 kinds of error" in done.stdout
    planted = [json.loads(line) for line in (tmp_path / "planted.ndjson").read_text().splitlines()]
    assert {"field-missing", "gzip-truncated"} <= {str(each.get("kind")) for each in planted}
