"""A folder's files in the order of S3's keys, found lazily. Works on bytes, as both systems do."""

import errno
import os
from collections.abc import Iterator
from typing import Final

_PARTIAL_PREFIX: Final = ".logpush-receiver-"
_PARTIAL_SUFFIX: Final = ".part"


def partial_name(token: str) -> str:
    """Name a file that is being written; it is never listed, even if its writer died."""
    return f"{_PARTIAL_PREFIX}{token}{_PARTIAL_SUFFIX}"


def is_partial(name: str) -> bool:
    """Tell whether a file's name is one of `partial_name`."""
    return name.startswith(_PARTIAL_PREFIX) and name.endswith(_PARTIAL_SUFFIX)


def walk(root: bytes, prefix: bytes, after: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (key, path) of all that may be a file and whose key has the prefix and is past `after`.

    In the order of the keys' bytes: a folder sorts as its name with the slash, so that `a.b` comes
    before `a/b`. A folder is read when its turn comes, and never if no key in it can match. A
    prefix that names a folder that is not there yields nothing; a root that is not there raises.

    Raises:
        OSError: a folder cannot be read.
    """
    folder = prefix.rpartition(b"/")[0]
    if not folder:
        yield from _walk(root, b"", prefix, after, ())
        return
    if any(part in {b"", b".", b".."} for part in folder.split(b"/")):
        return  # no file's key has such a part
    os.stat(root)  # noqa: PTH116 (bytes); a root that is missing is an error, a folder in it not
    try:
        yield from _walk(root + b"/" + folder, folder + b"/", prefix, after, ())
    except (FileNotFoundError, NotADirectoryError):
        return


def _walk(
    path: bytes, key: bytes, prefix: bytes, after: bytes, above: tuple[tuple[int, int], ...]
) -> Iterator[tuple[bytes, bytes]]:
    status = os.stat(path)  # noqa: PTH116 (bytes)
    here = (status.st_dev, status.st_ino)
    if here in above:
        return  # a link back up the tree: its files have keys already
    for name in _names(path, key, prefix, after):
        if not name.endswith(b"/"):
            yield key + name, path + b"/" + name
            continue
        try:
            yield from _walk(path + b"/" + name[:-1], key + name, prefix, after, (*above, here))
        except FileNotFoundError:
            continue  # removed since its parent was read


def _names(path: bytes, key: bytes, prefix: bytes, after: bytes) -> list[bytes]:
    """Return the names in a folder that matter, in order; a folder's name ends in a slash."""
    names = []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name + b"/" if _is_folder(entry) else entry.name
            whole = key + name
            if name.endswith(b"/"):
                past = whole > after or after.startswith(whole)
                matches = whole.startswith(prefix) or prefix.startswith(whole)
            else:
                past, matches = whole > after, whole.startswith(prefix)
            if past and matches and _nameable(name):
                names.append(name)
    names.sort()
    return names


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False  # a link to itself
        raise


def _nameable(name: bytes) -> bool:
    try:
        return not is_partial(name.decode())
    except UnicodeDecodeError:
        return False
