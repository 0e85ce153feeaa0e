"""Who else on this machine gets at a local folder, as far as modes tell (ACLs are not read)."""

import asyncio
import os
import shlex
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from receiver.destination.destination import Destination
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.words import line
from receiver.report.phrase import unbroken

ENTRIES_MAX: Final = 10_000
"""So many files and folders are looked at: they are written by one program, and so alike."""

_ENTER: Final = stat.S_IXOTH
_READ: Final = stat.S_IROTH
_WRITE: Final = stat.S_IWOTH


async def look_at_modes(destination: Destination) -> Checkup:
    """Say whether others may write below the folder (fail) or read there (warn)."""
    return await asyncio.to_thread(_look, Path(destination.bucket))


def _look(root: Path) -> Checkup:
    try:
        shut = next((each for each in root.resolve().parents if not _mode(each) & _ENTER), None)
        if shut is not None:
            return line("public", Status.PASS, f"no other user gets beyond {shut}")
        readable = None
        for path in islice(_open_to_others(root), ENTRIES_MAX):
            mode = _mode(path)
            if mode & _WRITE:
                message = f"every user of this machine may write to {unbroken(str(path))}"
                return line(
                    "public", Status.FAIL, message, f"chmod -R o-rwx {shlex.quote(str(root))}"
                )
            if mode & _READ and readable is None:
                readable = path
    except OSError as error:
        message = f"the modes could not be read: {unbroken(str(error.filename))}: {error.strerror}"
        return line("public", Status.UNKNOWN, message)
    if readable is not None:
        message = f"every user of this machine may read {unbroken(str(readable))}"
        return line("public", Status.WARN, message, f"chmod -R o-rwx {shlex.quote(str(root))}")
    return line("public", Status.PASS, f"no other user may read or write {root}")


def _open_to_others(root: Path) -> Iterator[Path]:
    """Yield what others can reach: the folders that they may enter, and the files in these."""
    if not _mode(root) & (_ENTER | _READ):
        return
    yield root
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if _reachable(Path(folder, name), _ENTER)]
        if _mode(Path(folder)) & _ENTER:
            yield from (Path(folder, name) for name in folders)
            yield from (Path(folder, name) for name in files if _reachable(Path(folder, name), 0))


def _reachable(path: Path, needed: int) -> bool:
    """Tell whether it is there and gives what is needed; a link to nowhere is not there."""
    try:
        mode = _mode(path)
    except FileNotFoundError:
        return False
    return not needed or bool(mode & needed)


def _mode(path: Path) -> int:
    return path.stat().st_mode
