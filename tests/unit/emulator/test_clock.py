"""The local Logpush's clock: begins anywhere, runs faster, and says when it leads."""

import asyncio
import logging
from datetime import datetime, timedelta

import pytest

from receiver.emulator.clock import FastClock, warn_when_ahead
from tests.unit.virtual_clock import START, VirtualClock


def fast(start: datetime, speed: float) -> tuple[FastClock, VirtualClock]:
    real = VirtualClock()
    real.seconds = 1000.0  # the machine has been running for a while
    return FastClock(start=start, speed=speed, real=real), real


async def test_it_begins_at_its_start_and_runs_as_much_faster() -> None:
    clock, real = fast(START - timedelta(days=2), 3600)
    assert clock.now() == START - timedelta(days=2)
    real.seconds += 1
    assert clock.now() == START - timedelta(days=2) + timedelta(hours=1)
    assert clock.monotonic() == 3600


async def test_its_sleep_is_as_much_shorter() -> None:
    clock, real = fast(START, 60)
    await clock.sleep(30)
    assert real.slept == [0.5]
    assert clock.now() == START + timedelta(seconds=30)


async def test_it_warns_only_when_it_has_passed_the_real_time() -> None:
    clock, real = fast(START, 60)
    real.seconds += 1
    seen = [clock.warns]  # it began 1000 s before the real time
    real.seconds += 20
    assert [*seen, clock.warns] == [False, True]
    assert not fast(START + timedelta(seconds=1000), 1.0)[0].warns


async def test_the_warning_is_given_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, _ = fast(START, 60)
    with caplog.at_level(logging.WARNING):
        await asyncio.wait_for(warn_when_ahead(clock), 5)
    assert len(caplog.messages) == 1
    assert "--start" in caplog.text
