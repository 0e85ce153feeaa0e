"""Memory stays within 64 MiB of an idle verifier's, whatever a batch holds and however much."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.property.hostile import HOSTILE

MIB_OVER_IDLE_MAX = 64
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_bounded_whatever_the_batch_holds(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.property.hostile", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert int(ran.stdout) <= MIB_OVER_IDLE_MAX
