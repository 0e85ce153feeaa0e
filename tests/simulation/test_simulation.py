"""Some seeds of the simulation; `python -m tests.simulation` runs as many as there is time for."""

from pathlib import Path

import pytest

from tests.simulation.run import run_seed
from tests.simulation.world import Weather

HASTY = Weather(late=0, very_late=0, store_trouble=0.5, ledger_trouble=0.5, killed=0.005)


@pytest.mark.parametrize("seed", range(1, 4))
def test_every_batch_is_in_the_ledger_once_and_its_verdict_is_true(seed: int) -> None:
    assert run_seed(seed, days=0.2).mistakes == []


@pytest.mark.parametrize("seed", range(2))
def test_so_it_is_in_a_real_ledger(seed: int, tmp_path: Path) -> None:
    told = run_seed(seed, days=0.05, sqlite=tmp_path / "ledger.db", weather=HASTY)
    assert told.mistakes == []


def test_the_same_seed_is_the_same_world() -> None:
    assert run_seed(3, days=0.1, weather=HASTY) == run_seed(3, days=0.1, weather=HASTY)
