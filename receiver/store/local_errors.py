"""What the system says of files and folders, in our words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from receiver.errors import (
    ObjectMissing,
    Reason,
    StoreDenied,
    StoreError,
    StoreUnavailable,
)
from receiver.store.denial import DENIED, Need


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """What this user would need of the system, for which need of ours."""

    need: Need
    words: str


LIST_FOLDER: Final = Permission(need="list", words="read ('r') and search ('x') on the folder")
FOLLOW_LINK: Final = Permission(need="list", words="search ('x') where the link leads")
FIND_FILE: Final = Permission(need="read", words="search ('x') on its folders")
OPEN_FILE: Final = Permission(
    need="read", words="read ('r') on the file and search ('x') on its folders"
)
READ_FILE: Final = Permission(need="read", words="read ('r') on the file")
WRITE_FILE: Final = Permission(need="write", words="write ('w') on its folder")


@contextmanager
def translated(path: Path, permission: Permission, *, root: Path) -> Iterator[None]:
    """Raise our errors for the system's; `root` is the folder that stands for the bucket."""
    try:
        yield
    except OSError as error:
        raise ours(error, path, permission, root=root) from error


def ours(error: OSError, path: Path, permission: Permission, *, root: Path) -> StoreError:
    """Return our error for the system's."""
    match error:
        case PermissionError():
            denied = error.filename if isinstance(error.filename, str | bytes) else path
            named = os.fsdecode(denied).removesuffix("/.")  # a folder is searched by its dot
            return StoreDenied(
                f"{named}: permission denied; this user needs {permission.words}",
                reason=DENIED[permission.need],
                right=permission.words,
            )
        case FileNotFoundError() | NotADirectoryError():
            return ObjectMissing(
                f"{path}: there is no such file or folder",
                reason=None if root.is_dir() else Reason.BUCKET_MISSING,
            )
        case IsADirectoryError() | FileExistsError():
            return StoreDenied(f"{path}: a folder or a file stands where the other is needed")
    return StoreUnavailable(f"{path}: {error.strerror or error}")


def no_file(path: Path) -> ObjectMissing:
    """Say that what has a file's name is none."""
    return ObjectMissing(f"{path}: there is no such file (what has the name is no plain file)")
