"""Answers that were given, kept for who asks the same again: one file each, for this user's eyes.

Nothing depends on it: an entry that is damaged, or that others could have written or read, is as
good as none, and a folder that cannot be written is a warning.
"""

import hashlib
import logging
import os
import re
import secrets
import stat
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from receiver.clock import Clock
from receiver.secret import Secret

_VERSION: Final = 2
_ENTRY_BYTES_MAX: Final = 64 * 1024
"""A larger file is none of ours: a token has 4,096 characters, a key 1,024 bytes."""

_TIDIED_MAX: Final = 1000
"""So many names are looked at for tidying, a time: a folder may be large, and somebody waits."""

_TIDIED_AFTER: Final = timedelta(days=1)
_OURS: Final = re.compile(r"[0-9a-f]{64}\.json|\.[0-9a-f]{16}\.part")
_OTHERS_ANY: Final = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH

_log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given; after `kept_until` it counts no more."""

    token: Secret
    filename: str
    expires_at: datetime | None
    kept_until: datetime


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Kept in its file, with the key it was kept under: a file that was renamed is no answer."""

    version: int
    key: str
    token: str
    filename: str
    expires_at: datetime | None
    kept_until: datetime


def cache_key(*asked: str) -> str:
    """Return the key of a question: a digest over all that its answer depends on, in this order."""
    digest = hashlib.sha256(f"logpush-receiver token {_VERSION}".encode())
    for part in asked:
        plain = part.encode(errors="surrogatepass")
        digest.update(b"%d:" % len(plain) + plain)  # the length: "ab", "c" is not "a", "bc"
    return digest.hexdigest()


def default_folder() -> Path | None:
    """Return where this user's answers are kept; None if the user has no home.

    Source: XDG Base Directory Specification; a relative XDG_CACHE_HOME is to be ignored.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not named.is_absolute():
        try:
            named = Path.home() / ".cache"
        except RuntimeError:
            return None
    return named / "logpush-receiver" / "tokens"


class TokenCache:
    """The answers in one folder; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None, *, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def get(self, key: str) -> Kept | None:
        """Return what was kept under a `cache_key`, if it still counts and can be trusted."""
        if self._folder is None:
            return None
        try:
            _must_be_ours(self._folder.stat(), stat.S_IFDIR, _OTHERS_WRITE)
            plain = _read(self._folder / f"{key}.json")
            entry = msgspec.json.decode(plain, type=_Entry)
        except (OSError, ValueError, RecursionError) as error:
            if not isinstance(error, FileNotFoundError):
                _log.debug("%s: an answer in it is not used: %s", self._folder, error)
            return None
        if (entry.version, entry.key) != (_VERSION, key):
            return None
        if entry.kept_until.tzinfo is None or entry.kept_until <= self._clock.now():
            return None
        return Kept(
            token=Secret(entry.token),
            filename=entry.filename,
            expires_at=entry.expires_at,
            kept_until=entry.kept_until,
        )

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer in the place of what was there."""
        if self._folder is None:
            return
        entry = _Entry(
            version=_VERSION,
            key=key,
            token=kept.token.reveal(),
            filename=kept.filename,
            expires_at=kept.expires_at,
            kept_until=kept.kept_until,
        )
        try:
            _make_ours(self._folder)
            self._tidy(self._folder)
            _write(self._folder / f"{key}.json", msgspec.json.encode(entry), kept.kept_until)
        except (OSError, ValueError) as error:
            _log.warning("%s: the answer cannot be kept for the next time: %s", self._folder, error)

    def _tidy(self, folder: Path) -> None:
        """Remove what has been no answer for long, and what a writer that died has left."""
        # of numbers: a clock that was never set may be at year 1, and no day is before that
        past = self._clock.now().timestamp() - _TIDIED_AFTER.total_seconds()
        with os.scandir(folder) as entries:
            for entry in islice(entries, _TIDIED_MAX):
                if (
                    _OURS.fullmatch(entry.name)
                    and entry.stat(follow_symlinks=False).st_mtime < past
                ):
                    Path(entry.path).unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    """Read a file that nobody else can have read or written.

    Raises:
        OSError: it is another's, others have rights on it, or it cannot be read.
    """
    # a link leads elsewhere; a named pipe would keep us waiting
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(path, flags), "rb") as file:
        _must_be_ours(os.fstat(file.fileno()), stat.S_IFREG, _OTHERS_ANY)
        return file.read(_ENTRY_BYTES_MAX)


def _write(path: Path, plain: bytes, until: datetime) -> None:
    """Write a file whole or not at all; its time stamp is its end, so that tidying reads none."""
    partial = path.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(plain)
            file.flush()
            os.utime(file.fileno(), (until.timestamp(), until.timestamp()))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _make_ours(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    _must_be_ours(status, stat.S_IFDIR, 0)
    if status.st_mode & _OTHERS_ANY:
        folder.chmod(0o700)


def _must_be_ours(status: os.stat_result, kind: int, refused: int) -> None:
    """Raise where it is of another kind or user, or gives others one of the refused rights."""
    if stat.S_IFMT(status.st_mode) != kind:
        raise OSError("it is not of the kind that it should be")
    if status.st_uid != os.geteuid():
        raise OSError("it belongs to another user")
    if status.st_mode & refused:
        raise OSError("others have rights on it")
