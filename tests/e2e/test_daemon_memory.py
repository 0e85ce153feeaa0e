"""A steady stream makes no daemon grow. `make bench ARGS="steady --minutes 60"` is longer."""

from tests.bench.daemon import GROWTH_GOAL, daemon_memory, growth


def test_the_memory_of_daemon_and_workers_stays() -> None:
    daemon, workers = zip(*daemon_memory(10, batches_a_second=50), strict=True)
    assert growth(daemon) < GROWTH_GOAL, daemon
    assert growth(workers) < GROWTH_GOAL, workers
