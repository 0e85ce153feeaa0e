"""The servers that tests share, each started once, when the first test asks for it."""

import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.servers.azurite import AzureServer, azurite
from tests.servers.ceph import ceph_rgw
from tests.servers.fake_gcs import GCSServer, fake_gcs
from tests.servers.launch import NotInstalled
from tests.servers.moto import moto
from tests.servers.postgres import PostgresServer, postgres
from tests.servers.s3 import S3Server

NO_SKIP = os.environ.get("RECEIVER_TEST_NO_SKIP") == "1"

Server = TypeVar("Server")

# A shell starts what runs in its background deaf to Ctrl-C, and all that we start would be so too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the reports of tests/golden anew"
    )


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with _running(moto, tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def rgw_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with _running(ceph_rgw, tmp_path_factory.mktemp("ceph")) as server:
        yield server


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GCSServer]:
    with _running(fake_gcs, tmp_path_factory.mktemp("gcs")) as server:
        yield server


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    with _running(azurite, tmp_path_factory.mktemp("azure")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with _running(postgres, tmp_path_factory.mktemp("postgres")) as server:
        yield server


@contextmanager
def _running(
    start: Callable[[Path], AbstractContextManager[Server]], folder: Path
) -> Iterator[Server]:
    """Start a server; where it is not installed, its tests are skipped (see NO_SKIP below)."""
    with ExitStack() as running:
        try:
            server = running.enter_context(start(folder))
        except NotInstalled as error:
            pytest.skip(f"not installed: {error}")
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under RECEIVER_TEST_NO_SKIP=1 a skipped test has failed: a run that tests less says so."""
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under RECEIVER_TEST_NO_SKIP=1: {call.excinfo}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself has failed as well."""
    report = yield
    if NO_SKIP and report.skipped:
        report.outcome = "failed"
    return report
