"""A stored destination: may we list it, read it, write to it; and what keeps others out."""

from collections.abc import Callable

import msgspec

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.doctor.bodies import TEST_NAME, TEST_OBJECT
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.folder import look_at_modes
from receiver.doctor.public import look_public
from receiver.doctor.region import look_at_region
from receiver.doctor.sas import judge_sas, may_write
from receiver.doctor.words import line, refusal
from receiver.errors import ObjectMissing, Reason, StoreError
from receiver.report.phrase import counted
from receiver.store.bounds import Bounds
from receiver.store.open import open_store
from receiver.store.store import Page, Store


class _Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The line about listing, the key of an object to try reading with, and what ends it all."""

    checkup: Checkup
    key: str | None = None
    bucket_missing: bool = False


async def examine_store(
    destination: Destination,
    *,
    say: Callable[[Checkup], None],
    clock: Clock,
    endpoint_url: str | None,
    write_probe: bool,
    bounds: Bounds,
) -> None:
    """Say a line about everything that can be asked of a store; a missing bucket ends it."""
    if destination.sas:
        for checkup in judge_sas(destination.sas, clock.now()):
            say(checkup)
    key = None
    try:
        async with open_store(
            destination, clock=clock, endpoint_url=endpoint_url, bounds=bounds
        ) as store:
            listing = await _look_listed(store, destination)
            say(listing.checkup)
            if listing.bucket_missing:
                return
            key = listing.key
            if write_probe:
                probe_key = destination.prefix(clock.now().date()) + TEST_NAME
                written = await _probe(store, destination, probe_key)
                say(written)
                key = key or (probe_key if written.status is not Status.FAIL else None)
            say(await _look_read(store, key))
            if not write_probe:
                say(_not_written())
    except StoreError as error:  # it could not even be opened: there are no credentials at all
        say(refusal("list", error))
    if destination.scheme is Scheme.FILE:
        say(await look_at_modes(destination))
        return
    region = await look_at_region(
        destination, clock=clock, endpoint_url=endpoint_url, bounds=bounds
    )
    if region:
        say(region)
    say(
        await look_public(
            destination, key=key, clock=clock, endpoint_url=endpoint_url, bounds=bounds
        )
    )


async def _look_listed(store: Store, destination: Destination) -> _Listing:
    """List the folder; of a path with {DATE} the part that no day changes."""
    try:
        page = await store.list(destination.prefix_literal)
    except ObjectMissing as error:  # of a listing nothing else can be missing
        missing = msgspec.structs.replace(
            refusal("list", error),
            remedy="Create it, or correct its name in the destination_conf.",
        )
        return _Listing(checkup=missing, bucket_missing=True)
    except StoreError as error:
        return _Listing(checkup=refusal("list", error))
    key = page.objects[0].key if page.objects else None
    if page.unlisted:
        message = f"{destination} can be listed but for {page.unlisted[0].error}"
        return _Listing(checkup=line("list", Status.WARN, message), key=key)
    message = f"{destination} can be listed: {_amount(page)}"
    return _Listing(checkup=line("list", Status.PASS, message), key=key)


def _amount(page: Page) -> str:
    if page.next is not None:
        return f"{len(page.objects):,} objects and more"
    return counted(len(page.objects), "object") if page.objects else "nothing is there yet"


async def _look_read(store: Store, key: str | None) -> Checkup:
    """Read one byte of an object."""
    if key is None:
        return line("read", Status.UNKNOWN, "there is nothing to read yet, or nothing is known of")
    try:
        await store.read(key, bytes_max=1)
    except ObjectMissing:
        return line("read", Status.UNKNOWN, f"{key} was listed, and is gone")
    except StoreError as error:
        archived = error.reason is Reason.OBJECT_ARCHIVED  # it may be read, once it is restored
        return refusal("read", error, status=Status.WARN if archived else Status.FAIL)
    return line("read", Status.PASS, f"an object can be read: {key.rpartition('/')[2]}")


async def _probe(store: Store, destination: Destination, key: str) -> Checkup:
    """Write Logpush's own test object, which every reader skips, and read it back."""
    try:
        await store.put(key, TEST_OBJECT)
    except StoreError as error:
        return refusal("write", error)
    written = f"{key} is written {_by_whom(destination)}"
    try:
        back = await store.read(key, bytes_max=len(TEST_OBJECT) + 1)
    except StoreError as error:
        return line("write", Status.PASS, f"{written}; it could not be read back: {error}")
    if back != TEST_OBJECT:
        message = f"{written}, and what is read back is something else"
        return line("write", Status.FAIL, message, "Look for what changes objects on their way.")
    return line("write", Status.PASS, f"{written} and read back")


def _by_whom(destination: Destination) -> str:
    """Say by whose right it is written: another's success says nothing of Logpush's."""
    if destination.scheme is Scheme.FILE:
        return "by this user"
    if destination.access_key_id:
        return "with the conf's keys"
    if destination.sas and may_write(destination.sas):
        return "with the conf's SAS"
    return "with this machine's own credentials (whether Logpush may write is not shown by that)"


def _not_written() -> Checkup:
    return line(
        "write",
        Status.UNKNOWN,
        "whether it can be written to was not tried: that would leave an object there",
        f"--write-probe writes {TEST_NAME}, the object with which Logpush itself tries it.",
    )
