"""A local Logpush for each test."""

from pathlib import Path

import pytest

from tests.unit.emulator.api.local_cloud import Cloud, make_cloud


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return make_cloud(tmp_path)
