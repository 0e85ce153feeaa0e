"""`run`: the daemon, until it is stopped."""

import asyncio
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import click

from receiver.cli.config import config_option
from receiver.cli.ledger_access import load_settings, not_installed
from receiver.cli.output import echo_lines
from receiver.clock import SystemClock
from receiver.report.sweep_report import Exit

if TYPE_CHECKING:
    from receiver.daemon.service import Ready
    from receiver.daemon.settings import Settings

_THREADS: Final = "receiver-thread"
_THREADS_END_SECONDS: Final = 1.0
"""Threads have so long to end; one that does not is in a call that the system never answers."""

_log = logging.getLogger(__name__)


@click.command(
    short_help="Watch every destination, verify what arrives.",
    epilog="""\b
Examples:
  logpush-receiver run --config config/receiver.toml
  kill -HUP PID    reads the configuration again

\b
Exit codes: 0 ended by SIGTERM, what was begun judged or given back; 2 usage
or configuration; 3 the ledger cannot be opened or read; 130 ended by Ctrl-C.""",
)
@config_option
def run(config_file: Path) -> int:
    """Watch every destination of every job and verify each batch once, as it arrives.

    What was judged is remembered in the ledger, and shown on the status page. Several daemons may
    share a PostgreSQL: each batch is one's.
    """
    return asyncio.run(_until_told(config_file, load_settings(config_file)))


async def _until_told(path: Path, settings: "Settings") -> Exit:
    try:
        from receiver.daemon.logs import set_up_logs
        from receiver.daemon.service import Orders, run_daemon
    except ModuleNotFoundError as error:
        raise not_installed(error) from error

    def on_ready(ready: "Ready") -> None:
        echo_lines([f"status page at {ready.url}/"])

    orders, ended_by = Orders(), []
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(thread_name_prefix=_THREADS)
    loop.set_default_executor(threads)
    for number, code in ((signal.SIGTERM, Exit.PASS), (signal.SIGINT, Exit.INTERRUPTED)):

        def end(code: Exit = code) -> None:
            ended_by.append(code)
            orders.stop.set()

        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, orders.reload.set)
    set_up_logs(settings.log)
    await run_daemon(
        path,
        settings,
        orders=orders,
        clock=SystemClock(),
        random=Random(),  # noqa: S311 (spreads waits and names a process)
        on_ready=on_ready,
    )
    threads.shutdown(wait=False, cancel_futures=True)
    if not await _threads_ended():
        _log.warning("left amid a call that does not end: a folder, or a name, that hangs")
        sys.stdout.flush()
        logging.shutdown()
        os._exit(ended_by[0])  # Python would wait for it
    return ended_by[0]


async def _threads_ended() -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _THREADS_END_SECONDS
    while any(each.name.startswith(_THREADS) for each in threading.enumerate()):
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
