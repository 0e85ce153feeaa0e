"""A few dozen of the seeds that `python -m tests.crash` runs by the hundred."""

import os
import subprocess
import sys

import pytest

from tests.servers.launch import NotInstalled
from tests.servers.postgres import find_programs

SECONDS_MAX = 600
FAST = ("--speed", "4")  # claims expire in 8 s
AT_LENGTH = ("--within", "600")  # how soon is for a machine that has nothing else to do


def test_killed_at_any_moment_nothing_is_lost_doubled_or_judged_wrong() -> None:
    """In a process of its own: it forks, and must have one thread only."""
    try:
        find_programs()
        ledger: tuple[str, ...] = ()  # both, by turns
    except NotInstalled as error:
        if os.environ.get("RECEIVER_TEST_NO_SKIP") == "1":
            pytest.fail(f"not installed: {error}")
        ledger = ("--ledger", "sqlite")
    seeds = ("--seeds", "24", "--jobs", "8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", *seeds, *ledger, *FAST, *AT_LENGTH],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
