"""Who else on this machine gets at a folder of files."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver.destination.parse import parse_destination
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.folder import look_at_modes


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others reach: pytest's own is shut to them."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        if any(not each.stat().st_mode & 0o001 for each in root.parents):
            pytest.skip("the folder for temporary files is shut to others")
        (root / "day").mkdir(mode=0o755)
        (root / "day/a.log.gz").write_bytes(b"1")
        for path in (root, root / "day"):
            path.chmod(0o755)
        (root / "day/a.log.gz").chmod(0o644)
        yield root


async def looked(folder: Path) -> Checkup:
    return await look_at_modes(parse_destination(f"file://{folder}"))


async def test_what_others_may_read_is_a_warning(folder: Path) -> None:
    found = await looked(folder)
    assert (found.name, found.status) == ("public", Status.WARN)
    assert str(folder) in found.message
    assert found.remedy == f"chmod -R o-rwx {folder}"


async def test_what_others_may_write_is_a_failure_and_is_named(folder: Path) -> None:
    (folder / "day").chmod(0o757)
    found = await looked(folder)
    assert found.status is Status.FAIL
    assert str(folder / "day") in found.message
    (folder / "day").chmod(0o755)
    (folder / "day/a.log.gz").chmod(0o646)
    assert (await looked(folder)).status is Status.FAIL


async def test_a_folder_that_is_shut_protects_what_is_in_it(folder: Path) -> None:
    (folder / "day/a.log.gz").chmod(0o666)
    folder.chmod(0o750)
    assert (await looked(folder)).status is Status.PASS
    folder.chmod(0o711)  # they may enter, and look at nothing but what they know
    (folder / "day").chmod(0o700)
    assert (await looked(folder)).status is Status.PASS


async def test_a_folder_below_one_that_is_shut_is_shut(folder: Path) -> None:
    folder.chmod(0o700)
    found = await looked(folder / "day")
    assert found.status is Status.PASS
    assert str(folder) in found.message


async def test_a_link_to_nowhere_is_passed_over(folder: Path) -> None:
    (folder / "day/lost").symlink_to(folder / "none")
    assert (await looked(folder)).status is Status.WARN


async def test_a_folder_that_is_not_there_is_unknown(folder: Path) -> None:
    assert (await looked(folder / "none")).status is Status.UNKNOWN
