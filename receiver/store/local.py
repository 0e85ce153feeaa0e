"""A store of local files: a folder is the bucket, a file's path below it is the key.

It behaves as S3 does: keys in the order of their UTF-8 bytes over the whole tree, prefixes that
are strings and not folders, whole objects only. Links are followed, but not back up the tree.
What no object of S3 can be is none here, and a Page tells of it: names that are not UTF-8,
folders that are shut to us, links to nowhere, and all else but plain files.
"""

import asyncio
import errno
import os
import secrets
import stat
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path
from typing import Final

from receiver.destination.destination import Destination
from receiver.errors import (
    ObjectChanged,
    StoreDenied,
    StoreUnavailable,
)
from receiver.limits import READ_CHUNK_BYTES
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.local_errors import (
    FIND_FILE,
    FOLLOW_LINK,
    LIST_FOLDER,
    OPEN_FILE,
    READ_FILE,
    WRITE_FILE,
    no_file,
    ours,
    translated,
)
from receiver.store.stamp import from_seconds
from receiver.store.store import Object, Page, Properties, Unlisted
from receiver.store.tree import Found, is_partial, is_text, partial_name, walk

LISTINGS_OPEN_MAX: Final = 8
"""So many listings can be continued where they stopped; older ones begin again at their key."""

_Listing = Iterator[tuple[bytes, Object | Unlisted]]


@asynccontextmanager
async def open_local(
    destination: Destination, *, bounds: Bounds = BOUNDS
) -> AsyncIterator["LocalStore"]:
    """Open the folder of a file destination."""
    yield LocalStore(Path(destination.bucket), bounds=bounds)


class LocalStore:
    """The files below one folder."""

    def __init__(self, root: Path, *, bounds: Bounds = BOUNDS) -> None:
        self._root = root
        self._bounds = bounds
        self._listings: dict[tuple[str, str], _Listing] = {}
        self._keeping = threading.Lock()  # pages are made in threads

    @property
    def properties(self) -> Properties:
        return Properties(name=str(self._root), after_walks=False)

    async def list(self, prefix: str, *, after: str = "", next: str | None = None) -> Page:
        return await asyncio.to_thread(self._list, prefix, after, next)

    async def find(self, key: str) -> Object:
        return await asyncio.to_thread(self._find, key)

    async def read(self, key: str, *, bytes_max: int) -> bytes:
        return await asyncio.to_thread(self._read, key, bytes_max)

    async def put(self, key: str, body: bytes) -> Object:
        return await asyncio.to_thread(self._put, key, body)

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        path = self._path(obj.key)
        with await asyncio.to_thread(self._open_to_read, path) as file:
            _must_be(obj, path, file)
            chunks = self._chunks(file, obj, path)
            try:
                yield chunks
            finally:
                await chunks.aclose()

    def _list(self, prefix: str, after: str, next_: str | None) -> Page:
        """Return one page; the walk behind it is kept for the page that follows.

        Beginning again at a key would read the whole of a large folder for every page.
        """
        listing = None
        if next_ is not None:
            after = next_
            with self._keeping:
                listing = self._listings.pop((prefix, after), None)
        if listing is None:
            listing = self._entries(prefix, after)
        page = list(islice(listing, self._bounds.page_objects + 1))
        if len(page) <= self._bounds.page_objects:
            return _page(page, next_=None)
        first_of_next = page.pop()
        last = page[-1][0].decode(errors="surrogateescape")
        with self._keeping:
            self._listings[prefix, last] = chain((first_of_next,), listing)
            if len(self._listings) > LISTINGS_OPEN_MAX:
                del self._listings[next(iter(self._listings))]  # the oldest
        return _page(page, next_=last)

    def _entries(self, prefix: str, after: str) -> _Listing:
        root, start = os.fsencode(self._root), after.encode(errors="surrogateescape")
        with translated(self._root, LIST_FOLDER, root=self._root):
            for found in walk(root, prefix.encode(), start):
                entry = _entry(found, self._root)
                if entry is not None:
                    yield found.key, entry

    def _find(self, key: str) -> Object:
        path = self._path(key)
        with translated(path, FIND_FILE, root=self._root):
            status = path.stat()
        _must_be_file(path, status)
        return _object(key, status)

    def _read(self, key: str, bytes_max: int) -> bytes:
        path = self._path(key)
        with self._open_to_read(path) as file, translated(path, READ_FILE, root=self._root):
            _must_be_file(path, os.fstat(file.fileno()))
            return file.read(bytes_max)

    def _put(self, key: str, body: bytes) -> Object:
        path = self._path(key)
        partial = path.with_name(partial_name(secrets.token_hex(8)))
        with translated(path, WRITE_FILE, root=self._root):
            _make_folders(path.parent)
            try:
                with partial.open("xb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())  # or a power cut leaves a whole name with half a body
                    status = os.fstat(file.fileno())
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
        return _object(key, status)

    def _open_to_read(self, path: Path) -> BufferedReader:
        def opener(name: str, flags: int) -> int:
            # a named pipe nobody writes to would keep us waiting; plain files ignore it
            return os.open(name, flags | os.O_NONBLOCK)

        with translated(path, OPEN_FILE, root=self._root):
            try:
                return open(path, "rb", opener=opener)
            except IsADirectoryError as error:
                raise no_file(path) from error

    async def _chunks(
        self, file: BufferedReader, obj: Object, path: Path
    ) -> AsyncGenerator[bytes, None]:
        """Yield the file's bytes; when all are read, the file must still be the same."""
        got = 0
        while chunk := await asyncio.to_thread(self._read_at, file, got, path):
            got += len(chunk)
            if got > obj.stored_bytes:
                raise _changed(path)
            yield chunk
        _must_be(obj, path, file)
        if got != obj.stored_bytes:
            raise StoreUnavailable(f"{path}: {got:,} of {obj.stored_bytes:,} bytes could be read")

    def _read_at(self, file: BufferedReader, offset: int, path: Path) -> bytes:
        """Read by position: a cancelled reading goes on in its thread, and would move us."""
        with translated(path, READ_FILE, root=self._root):
            return os.pread(file.fileno(), READ_CHUNK_BYTES, offset)

    def _path(self, key: str) -> Path:
        """Return the file of a key; a key that would leave the folder is refused."""
        segments = key.split("/")
        if "\0" in key or any(part in {"", ".", ".."} or is_partial(part) for part in segments):
            raise StoreDenied(
                f"{self._root}: {key!r} cannot be the name of a local file; "
                "every part between slashes must be a name, and none may be '.' or '..'"
            )
        return self._root / key


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it; `parents=True` recurses, and a path may have thousands."""
    if not folder.is_dir():
        for each in (*reversed(folder.parents), folder):
            each.mkdir(exist_ok=True)


def _must_be(obj: Object, path: Path, file: BufferedReader) -> None:
    status = os.fstat(file.fileno())
    _must_be_file(path, status)
    if _etag(status) != obj.etag:
        raise _changed(path)


def _must_be_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise no_file(path)


def _changed(path: Path) -> ObjectChanged:
    return ObjectChanged(f"{path}: the file was changed or replaced while it was read")


def _page(entries: Iterable[tuple[bytes, Object | Unlisted]], *, next_: str | None) -> Page:
    found = [entry for _, entry in entries]
    return Page(
        objects=tuple(each for each in found if isinstance(each, Object)),
        next=next_,
        unlisted=tuple(each for each in found if isinstance(each, Unlisted)),
    )


def _entry(found: Found, root: Path) -> Object | Unlisted | None:
    """Return what a listing says of something; None of what is gone since its folder was read."""
    path = Path(os.fsdecode(found.path))
    if found.denied is not None:
        return _unlisted(found, str(ours(found.denied, path, LIST_FOLDER, root=root)))
    if not is_text(found.key):
        return _unlisted(found, f"{path}: its name is not UTF-8; rename it to have it verified")
    try:
        status = path.stat()
    except OSError as error:
        if not path.is_symlink():
            if isinstance(error, FileNotFoundError):
                return None
            raise
        if isinstance(error, PermissionError):
            return _unlisted(found, str(ours(error, path, FOLLOW_LINK, root=root)))
        if error.errno in {errno.ENOENT, errno.ELOOP}:
            return _unlisted(found, f"{path}: a link to nowhere; restore what it names")
        raise
    if not stat.S_ISREG(status.st_mode):
        return _unlisted(found, f"{path}: no plain file but a pipe, a socket or a device")
    return _object(found.key.decode(), status)


def _unlisted(found: Found, error: str) -> Unlisted:
    """Say why something is no object, in text: a path may hold bytes that are none."""
    return Unlisted(
        key=found.key.decode(errors="backslashreplace"),
        error=os.fsencode(error).decode(errors="backslashreplace"),
    )


def _object(key: str, status: os.stat_result) -> Object:
    return Object(
        key=key,
        etag=_etag(status),
        stored_bytes=status.st_size,
        arrived_at=from_seconds(status.st_mtime),
    )


def _etag(status: os.stat_result) -> str:
    return f"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ino:x}"
