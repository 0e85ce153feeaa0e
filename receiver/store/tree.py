"""A folder's files in the order of S3's keys, found lazily. Works on bytes, as both systems do."""

import errno
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

_PARTIAL_PREFIX: Final = ".logpush-receiver-"
_PARTIAL_SUFFIX: Final = ".part"


def partial_name(token: str) -> str:
    """Name a file that is being written; it is never listed, even if its writer died."""
    return f"{_PARTIAL_PREFIX}{token}{_PARTIAL_SUFFIX}"


def is_partial(name: str) -> bool:
    """Tell whether a file's name is one of `partial_name`."""
    return name.startswith(_PARTIAL_PREFIX) and name.endswith(_PARTIAL_SUFFIX)


class Found(NamedTuple):
    """Something in the tree: it may be a file, or is a folder that stays shut to us."""

    key: bytes  # of a folder it ends in a slash
    path: bytes
    denied: PermissionError | None = None  # why it stays shut; None too if its name is no text


def walk(root: bytes, prefix: bytes, after: bytes) -> Iterator[Found]:
    """Yield all that may be a file and whose key has the prefix and is past `after`.

    In the order of the keys' bytes: a folder sorts as its name with the slash, so that `a.b` comes
    before `a/b`. A folder is read when its turn comes, and never if no key in it can match. One
    that may not be read is yielded itself, and the walk goes on. A prefix that names a folder that
    is not there yields nothing; a root that is not there, or may not be read, raises.

    Raises:
        OSError: a folder cannot be read.
    """
    folder = prefix.rpartition(b"/")[0]
    if not folder:
        yield from _walk(root, b"", prefix, after, ())
        return
    if any(part in {b"", b".", b".."} for part in folder.split(b"/")):
        return  # no file's key has such a part
    _search(root)  # a root that is missing is an error, a folder in it is not
    yield from _walk_below(root + b"/" + folder, folder + b"/", prefix, after, ())


def _walk_below(
    path: bytes, key: bytes, prefix: bytes, after: bytes, above: tuple[tuple[int, int], ...]
) -> Iterator[Found]:
    """Walk a folder that is not the root: what is wrong with it costs nothing but itself."""
    try:
        yield from _walk(path, key, prefix, after, above)
    except (FileNotFoundError, NotADirectoryError):
        return  # never there, or removed since its parent was read
    except PermissionError as error:
        if key > after:
            yield Found(key, path, error)


def _walk(
    path: bytes, key: bytes, prefix: bytes, after: bytes, above: tuple[tuple[int, int], ...]
) -> Iterator[Found]:
    status = _search(path)
    here = (status.st_dev, status.st_ino)
    if here in above:
        return  # a link back up the tree: its files have keys already
    for name in _names(path, key, prefix, after):
        if name.endswith(b"/") and is_text(name):
            below = path + b"/" + name[:-1]
            yield from _walk_below(below, key + name, prefix, after, (*above, here))
        elif key + name > after:  # a folder may be where a listing stopped
            yield Found(key + name, path + b"/" + name.removesuffix(b"/"))


def _search(folder: bytes) -> os.stat_result:
    """Return a folder's status. By its dot: that asks for the right to search in it as well.

    Without that right every file in it would be refused, one by one.
    """
    return os.stat(folder + b"/.")  # noqa: PTH116 (bytes)


def is_text(name: bytes) -> bool:
    """Tell whether a key can hold a name: keys are UTF-8."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


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
            if past and matches and not is_partial(os.fsdecode(name)):
                names.append(name)
    names.sort()
    return names


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EACCES}:
            return False  # a link to itself, or into a folder that is shut to us
        raise
