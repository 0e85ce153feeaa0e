"""Looks for a challenge in a store: the object that was named, or the newest that lies there.

Bytes and names decide; what an object's metadata claims (`Content-Encoding: compress` was seen on
plain text) does not.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from receiver.clock import Clock
from receiver.destination.challenge import NAME_BEGINNING, challenge_folders, is_challenge_name
from receiver.destination.destination import Destination, Scheme
from receiver.errors import (
    ConfigError,
    ObjectChanged,
    ObjectMissing,
    Reason,
    StoreDenied,
    StoreUnavailable,
)
from receiver.limits import (
    CHALLENGE_OTHERS_MAX,
    CHALLENGE_PAGES_MAX,
    STORE_CALL_SECONDS,
    TOKEN_BODY_BYTES_MAX,
)
from receiver.ownership.challenge import Challenge, NoChallenge, Written
from receiver.ownership.token import NoToken, Token, read_token
from receiver.report.phrase import unbroken
from receiver.store.store import Object, Page, Store

_ASK: Final = "ask Logpush for one (POST /ownership), or wait for it"
_RENEW: Final = "ask for a new challenge"
_READ_OTHERWISE: Final = (
    "to read the token, set AZURE_STORAGE_SAS_TOKEN to a SAS of the container with sp=rl, or be "
    "somebody with the role Storage Blob Data Reader (az login)"
)


class _Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What listing the folders gave; `denials` is why some gave nothing."""

    objects: tuple[Object, ...]
    denials: tuple[StoreDenied, ...]
    notes: tuple[str, ...]


class StoreSearch:
    """Looks for the challenge of one destination that is stored."""

    def __init__(
        self, destination: Destination, *, store: Store, clock: Clock, filename: str | None = None
    ) -> None:
        """Prepare to look; nothing is asked yet. With `filename`, for that object alone.

        Raises:
            ConfigError: the filename is empty, as of a variable that was not set.
        """
        if filename is not None and not filename.strip():
            raise ConfigError("--filename is empty; give the name in the API's answer, or leave it")
        self._destination = destination
        self._store = store
        self._clock = clock
        self._filename = filename

    async def look(self) -> Challenge | NoChallenge:
        """Look once.

        Raises:
            StoreError: it could not be looked everywhere that a challenge may lie.
        """
        try:
            return await self._look()
        except StoreDenied as error:
            if error.reason is not Reason.SAS_WRITE_ONLY:
                raise
            # It is as Logpush wants it, and everybody meets it: so the remedy comes first.
            message = f"{self._store.properties.name}: {_READ_OTHERWISE}; {error}"
            raise StoreDenied(message, reason=error.reason, right=error.right) from error

    async def _look(self) -> Challenge | NoChallenge:
        if self._filename is not None:
            return await self._look_at(_keys_named(self._destination, self._filename))
        listed = await self._list_folders()
        if not listed.objects:
            if listed.denials:  # it may lie where we may not look
                raise listed.denials[0]
            return self._nothing_listed(listed.notes)
        return await self._read_newest(listed)

    async def _look_at(self, keys: Sequence[str]) -> Challenge | NoChallenge:
        """Read the first of these keys that is there: the ways in which one name may be meant.

        A store that does not let us list may answer 403 for what is missing, so the next is tried.
        """
        denials = []
        for key in keys:
            try:
                obj = await self._store.find(key)
                body = await self._read(obj)
            except ObjectMissing as error:
                self._must_not_be_the_bucket(error)
            except StoreDenied as error:
                denials.append(error)
            else:
                token = read_token(body)
                if isinstance(token, NoToken):
                    return NoChallenge(
                        message=f"{self._at(key)} holds no token: {token.reason}; {_ASK}",
                        brief=f"{self._at(key)} holds no token",
                        looked_in=tuple(keys),
                    )
                return self._found(Written(key=key, written_at=obj.arrived_at), token)
        if denials:
            raise denials[0]
        return NoChallenge(
            message=f"there is no {' and no '.join(self._at(key) for key in keys)} (yet);"
            " is it the name in the API's answer? No other file is taken for it",
            brief=f"no {self._at(keys[-1])} yet",
            looked_in=tuple(keys),
        )

    async def _list_folders(self) -> _Listed:
        objects: list[Object] = []
        denials: list[StoreDenied] = []
        notes: list[str] = []
        for folder in challenge_folders(self._destination, self._clock.now()):
            try:
                objects += await self._list(folder, notes)
            except ObjectMissing as error:
                self._must_not_be_the_bucket(error)
            except StoreDenied as error:
                denials.append(error)
                notes.append(f"a newer one may lie where we may not list: {error}")
        return _Listed(objects=tuple(objects), denials=tuple(denials), notes=tuple(notes))

    async def _list(self, folder: str, notes: list[str]) -> list[Object]:
        """List the challenges of one folder; what may be missing is said in `notes`."""
        prefix = folder + NAME_BEGINNING
        found: list[Object] = []
        next_ = None
        for _ in range(CHALLENGE_PAGES_MAX):
            page = await self._store.list(prefix, next=next_)
            found += (each for each in page.objects if is_challenge_name(each.key[len(folder) :]))
            notes += _unlisted(page, folder)
            next_ = page.next
            if next_ is None:
                return found
        notes.append(
            f"more than {CHALLENGE_PAGES_MAX} pages of names begin with {self._at(prefix)}:"
            " the rest was not looked at, so give the name in the API's answer (--filename)"
        )
        return found

    async def _read_newest(self, listed: _Listed) -> Challenge | NoChallenge:
        newest, *others = sorted(
            listed.objects, key=lambda each: (each.arrived_at, each.key), reverse=True
        )
        named = tuple(map(_written, others[:CHALLENGE_OTHERS_MAX]))
        notes = listed.notes
        if len(others) > len(named):
            notes += (f"{len(others) - len(named):,} more are there, older still",)
        at = self._at(newest.key)
        try:
            body = await self._read(newest)
        except ObjectMissing:
            brief = f"{at} was listed and is gone"
            message = f"{brief}; {_ASK}{_other_ones(named)}"
            return NoChallenge(message=message, brief=brief, looked_in=(newest.key,))
        except StoreDenied as error:
            raise StoreDenied(
                f"a challenge is there and cannot be read: {error}",
                reason=error.reason,
                right=error.right,
            ) from error
        token = read_token(body)
        if isinstance(token, NoToken):
            brief = f"{at} holds no token"
            message = f"{brief}: {token.reason}; {_ASK}{_other_ones(named)}"
            return NoChallenge(message=message, brief=brief, looked_in=(newest.key,))
        return self._found(_written(newest), token, others=named, notes=notes)

    async def _read(self, obj: Object) -> bytes:
        """Read the beginning of this object and no other: its time goes with its token.

        Raises:
            StoreError: it could not be read, or another one has taken its name.
        """
        body = bytearray()
        try:
            async with asyncio.timeout(STORE_CALL_SECONDS), self._store.open(obj) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) >= TOKEN_BODY_BYTES_MAX:
                        break
        except ObjectChanged as error:  # worth looking again: the new one may be the one wanted
            message = f"{self._at(obj.key)} was replaced while it was read; look again"
            raise StoreUnavailable(message) from error
        except TimeoutError as error:
            message = f"{self._at(obj.key)} was not read in {STORE_CALL_SECONDS:g} s"
            raise StoreUnavailable(message) from error
        return bytes(body[:TOKEN_BODY_BYTES_MAX])

    def _found(
        self,
        written: Written,
        token: Token,
        *,
        others: tuple[Written, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Challenge:
        now = self._clock.now()
        if not written.key.startswith(challenge_folders(self._destination, now)):
            outside = f"{unbroken(written.key)} lies outside of {self._destination}"
            notes += (f"{outside}: was it made for another destination_conf?",)
        if token.expires_at and token.expired(now):
            notes += (f"it expired at {token.expires_at:%Y-%m-%dT%H:%M:%SZ}; {_RENEW}",)
        return Challenge(written=written, token=token, others=others, notes=notes)

    def _nothing_listed(self, notes: Iterable[str]) -> NoChallenge:
        folders = challenge_folders(self._destination, self._clock.now())
        within = [folder for folder in folders if folder]
        named = f" under {' or '.join(within)}" if within else ""
        if within and "" in folders:
            named = f" at the top or{named}"
        message = "; ".join((f"{self._store.properties.name}: no challenge{named} yet", *notes))
        return NoChallenge(
            message=f"{message}; {_ASK}, and if the API's answer names a file, give --filename",
            brief=f"no challenge in {self._destination} yet",
            looked_in=tuple(folder + NAME_BEGINNING for folder in folders),
        )

    def _must_not_be_the_bucket(self, error: ObjectMissing) -> None:
        """Raise the error if a bucket is missing; a local folder comes with its first file."""
        if error.reason is Reason.BUCKET_MISSING and self._destination.scheme is not Scheme.FILE:
            raise error

    def _at(self, key: str) -> str:
        return f"{self._store.properties.name}/{unbroken(key)}"


def _written(obj: Object) -> Written:
    return Written(key=obj.key, written_at=obj.arrived_at)


def _keys_named(destination: Destination, filename: str) -> tuple[str, ...]:
    """Return the keys that a name may mean, the likeliest first.

    The API's answer was seen with the bucket in front and without. Of local files the bucket is
    the whole folder, and no key begins with a slash.
    """
    front = f"{destination.bucket}/"
    if destination.scheme is Scheme.FILE:
        if filename.startswith(front):
            return (filename.removeprefix(front),)
        front = front.lstrip("/")
    stripped = filename.removeprefix(front)
    return (filename, stripped) if stripped not in {"", filename} else (filename,)


def _unlisted(page: Page, folder: str) -> list[str]:
    """Return why something on the way could not be listed, of what may be or hold a challenge.

    Raises:
        StoreDenied: it is the folder itself, or one that it lies in.
    """
    errors = []
    for each in page.unlisted:
        if each.key.endswith("/") and folder.startswith(each.key):
            raise StoreDenied(each.error, reason=Reason.LIST_DENIED)
        if is_challenge_name(each.key[len(folder) :]):
            errors.append(each.error.replace(each.key, unbroken(each.key)))
    return errors


def _other_ones(others: Sequence[Written]) -> str:
    if not others:
        return ""
    named = ", ".join(unbroken(each.key) for each in others)
    return f"; older ones are there, and --filename takes one: {named}"
