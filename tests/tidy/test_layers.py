"""The import rule: a module imports from its own room and from lower ones only."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "receiver"
MODULES = sorted(PACKAGE.rglob("*.py"))

LEVELS = [  # lowest first; rooms on one level do not know each other
    {"errors", "clock", "limits", "secret", "__init__"},
    {"given", "server_log"},
    {"destination"},
    {"job"},
    {"batch"},
    {"check"},
    {"delivery"},
    {"report"},
    {"store"},
    {"notice", "ledger", "api", "alert", "selection", "workers"},
    {"sweep", "ownership", "intake", "doctor"},
    {"daemon", "emulator"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
PURE = {"destination", "job", "batch", "check", "delivery", "report"}
IMPURE = {"asyncio", "socket", "os", "time", "pathlib", "subprocess", "threading", "aiohttp"}
DRIVERS = {  # each only in modules named after its service
    "aiobotocore": "s3",
    "botocore": "s3",
    "gcsfs": "gcs",
    "google": "gcs",
    "azure": "azure",
}


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(module: Path) -> Iterator[str]:
    """Every module that is imported, wherever in the file."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
class TestModule:
    def test_it_imports_only_from_its_own_room_and_lower_ones(self, module: Path) -> None:
        room = room_of(module)
        for name in imports_of(module):
            if name.startswith("receiver."):
                other = name.split(".")[1]
                assert other == room or LEVEL[other] < LEVEL[room], f"{module} imports {name}"

    def test_a_pure_room_imports_nothing_that_touches_the_world(self, module: Path) -> None:
        if room_of(module) in PURE:
            assert not {name.split(".")[0] for name in imports_of(module)} & IMPURE

    def test_a_driver_is_imported_only_by_the_modules_named_after_its_service(
        self, module: Path
    ) -> None:
        for name in imports_of(module):
            service = DRIVERS.get(name.split(".")[0])
            if service is not None:
                assert module.stem.split("_")[0] == service, f"{module} imports {name}"
                assert room_of(module) == "store"

    def test_the_writer_knows_nothing_of_the_checker(self, module: Path) -> None:
        if room_of(module) == "emulator":
            rooms = {name.split(".")[1] for name in imports_of(module) if "receiver." in name}
            assert not rooms & {"check", "delivery", "batch", "report"}

    def test_it_fits_a_reader(self, module: Path) -> None:
        assert len(module.read_text().splitlines()) <= 400

    def test_it_says_what_it_is_for(self, module: Path) -> None:
        if module.read_text().strip():
            assert ast.get_docstring(ast.parse(module.read_text()))


def test_the_median_module_is_short() -> None:
    lengths = [len(each.read_text().splitlines()) for each in MODULES if each.stem != "__init__"]
    assert statistics.median(lengths) <= 120
