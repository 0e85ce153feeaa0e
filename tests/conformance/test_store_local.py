"""Local files join the suite; what only files can do is in tests/unit/store/test_local.py."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import ClassVar

import pytest

from receiver.destination.destination import Destination, Scheme
from receiver.secret import Secret
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.local import LocalStore, open_local
from tests.conformance.store_suite import ODD_KEYS, StoreSuite
from tests.servers.proxy import FaultProxy

FILE_KEYS = tuple(key for key in ODD_KEYS if "//" not in key)  # no file's name is empty


class LocalPlace:
    """A folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(
        self, *, through: FaultProxy | None = None, bounds: Bounds = BOUNDS
    ) -> AbstractAsyncContextManager[LocalStore]:
        assert through is None
        return open_local(_destination(self._root), bounds=bounds)

    def open_missing(self) -> AbstractAsyncContextManager[LocalStore]:
        return open_local(_destination(self._root / "no-such"))

    def write_encoded(self, key: str, body: bytes) -> None:
        path = self._root / key
        path.parent.mkdir(parents=True)
        path.write_bytes(body)


class TestLocalStore(StoreSuite):
    odd_keys: ClassVar[tuple[str, ...]] = FILE_KEYS

    @pytest.fixture
    def place(self, tmp_path: Path) -> LocalPlace:
        return LocalPlace(tmp_path)


def _destination(root: Path) -> Destination:
    return Destination(conf=Secret(f"file://{root}"), scheme=Scheme.FILE, bucket=str(root), path="")
