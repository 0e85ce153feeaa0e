"""The daemon as a whole, in this process: what its parts tell each other while it ends."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from receiver.clock import SystemClock
from receiver.daemon import service
from receiver.daemon.service import Orders, run_daemon
from receiver.daemon.settings import read_settings
from receiver.intake.steps import Step
from receiver.ledger.ledger import State
from receiver.ledger.open import open_ledger
from receiver.limits import SOURCE_DOUBT_SECONDS
from tests.servers.logpush_api import TOKEN, ZONE, logpush_server
from tests.unit.sweeping import body


class Ahead(SystemClock):
    """A clock of which some time has passed at once."""

    passed = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.passed


@pytest.mark.parametrize("order", ["stop", "reload"])
async def test_a_job_that_changed_before_the_end_makes_no_batch_fail(
    order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "set_up_logs", lambda _: None)  # those of this process stay
    folder = tmp_path / "logs" / f"{datetime.now(UTC):%Y%m%d}"
    folder.mkdir(parents=True)
    (tmp_path / "token").write_text(TOKEN)
    config, clock, orders = tmp_path / "receiver.toml", Ahead(), Orders()
    with logpush_server() as server:
        server.add(
            destination_conf=f"file://{tmp_path}/logs/{{DATE}}",
            enabled=True,
            logpull_options="fields=RayID",
        )
        config.write_text(
            f'[ledger]\nurl = "sqlite:///receiver.db"\n[status]\nlisten = "127.0.0.1:0"\n'
            f'[[jobs]]\nzone = "{ZONE}"\napi_url = "{server.url}"\ntoken = "@token"\n'
        )

        def at(step: Step) -> None:
            if step is not Step.READ or len(server.asked) > 1:
                return
            server.jobs[146]["logpull_options"] = "fields=RayID,ClientIP"
            clock.passed = SOURCE_DOUBT_SECONDS
            if order == "stop":
                orders.stop.set()
            else:
                config.write_text(config.read_text() + "[intake]\ntries = 9\n")
                orders.reload.set()

        ready = asyncio.Event()
        running = asyncio.ensure_future(
            run_daemon(
                config,
                read_settings(config),
                orders=orders,
                clock=clock,
                random=Random(1),
                on_ready=lambda _: ready.set(),
                at=at,
            )
        )
        async with asyncio.timeout(60):
            await ready.wait()
            now = f"{datetime.now(UTC):%Y%m%dT%H%M}"
            (folder / f"{now}00Z_{now}59Z_9af500e2.log.gz").write_bytes(body())
            while len(server.asked) < 2:  # noqa: ASYNC110 (another thread's)
                await asyncio.sleep(0.05)
            await asyncio.sleep(3)
            orders.stop.set()
            await running
    async with open_ledger(f"sqlite:///{tmp_path / 'receiver.db'}") as ledger:
        (entry,) = [each async for each in ledger.entries()]
    assert (entry.state, entry.verdict, entry.judgements) in {
        (State.WAITING, None, 0),
        (State.JUDGED, "pass", 1),
    }
