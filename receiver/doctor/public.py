"""Is it public by mistake: the same questions, asked by somebody who shows no keys."""

from collections.abc import Awaitable
from enum import Enum, auto
from typing import Final

import msgspec

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.waits import Waits, in_time
from receiver.doctor.words import line
from receiver.errors import Reason, StoreDenied, StoreError
from receiver.store.open import open_store
from receiver.store.store import Page

_REMEDIES: Final = {
    Scheme.S3: "Block public access on the bucket, and look through its policy and its ACLs.",
    Scheme.GS: "Take allUsers and allAuthenticatedUsers out of the bucket's permissions.",
    Scheme.AZURE: "Set the container's public access level to private.",
}
# Refusals that tell of who asks; one that tells of something else leaves the question open.
_SHUT: Final = frozenset(
    {Reason.LIST_DENIED, Reason.READ_DENIED, Reason.KEYS_MISSING, Reason.KEYS_WRONG}
)


class _Door(Enum):
    OPEN = auto()
    SHUT = auto()
    UNKNOWN = auto()


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How one question was answered; `page` where it was a listing, `why` where it was not."""

    door: _Door
    page: Page | None = None
    why: str = ""


async def look_public(
    destination: Destination,
    *,
    key: str | None,
    clock: Clock,
    endpoint_url: str | None,
    waits: Waits,
) -> Checkup:
    """Try to list the folder, and to read the object of a key, without any credentials."""
    if destination.scheme is Scheme.R2:
        return line(
            "public",
            Status.UNKNOWN,
            "a public R2 bucket answers at its r2.dev address or a domain of its own, which the "
            "destination_conf does not name",
            "Look at the bucket's settings for public access.",
        )
    try:
        async with open_store(
            destination, clock=clock, endpoint_url=endpoint_url, bounds=waits.bounds, anonymous=True
        ) as store:
            listing = await _knock(store.list(destination.prefix_literal), waits)
            if key is None and listing.page and listing.page.objects:
                key = listing.page.objects[0].key
            reading = _Answer(door=_Door.UNKNOWN, why="no object is known to try it with")
            if key is not None:
                reading = await _knock(store.read(key, bytes_max=1), waits)
    except StoreError as error:
        return line("public", Status.UNKNOWN, f"it could not be found out: {error}")
    return _judge(destination, listing, reading)


async def _knock(question: Awaitable[Page | bytes], waits: Waits) -> _Answer:
    """Ask; an error that does not tell of who asks leaves the question open."""
    try:
        answer = await in_time(question, what="without keys", waits=waits)
    except StoreError as error:
        if isinstance(error, StoreDenied) and error.reason in _SHUT:
            return _Answer(door=_Door.SHUT)
        return _Answer(door=_Door.UNKNOWN, why=str(error))
    return _Answer(door=_Door.OPEN, page=answer if isinstance(answer, Page) else None)


def _judge(destination: Destination, listing: _Answer, reading: _Answer) -> Checkup:
    answers = {"list it": listing, "read its objects": reading}
    found = [right for right, answer in answers.items() if answer.door is _Door.OPEN]
    if found:
        message = f"anybody on the internet may {' and '.join(found)}"
        return line("public", Status.FAIL, message, _REMEDIES.get(destination.scheme, ""))
    unknown = [
        f"to {right} ({answer.why})"
        for right, answer in answers.items()
        if answer.door is _Door.UNKNOWN
    ]
    if unknown:
        shut = [right for right, answer in answers.items() if answer.door is _Door.SHUT]
        message = f"nobody may {shut[0]} without keys; " if shut else ""
        message += f"whether anybody is allowed {' or '.join(unknown)} could not be found out"
        return line("public", Status.UNKNOWN, message)
    return line("public", Status.PASS, "nobody may list or read it without keys")
