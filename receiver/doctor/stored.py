"""A stored destination: may we list it, read it, write to it; and what keeps others out."""

from collections.abc import Callable

import msgspec

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.doctor.bodies import STORED_BYTES_MAX, TEST_NAME, TEST_OBJECT, is_test
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.folder import look_at_modes
from receiver.doctor.public import look_public
from receiver.doctor.region import has_region, look_at_region
from receiver.doctor.sas import judge_sas, may_write
from receiver.doctor.waits import Waits, in_time
from receiver.doctor.words import line, of_one_word, refusal
from receiver.errors import ObjectMissing, Reason, StoreDenied, StoreError
from receiver.report.phrase import counted, unbroken
from receiver.store.open import open_store
from receiver.store.store import Page, Store


class _Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The line about listing, the key of an object to try reading with, and what ends it all."""

    checkup: Checkup
    key: str | None = None
    ended_by: Reason | None = None  # where asking anything else is in vain


async def examine_store(
    destination: Destination,
    *,
    say: Callable[[Checkup], None],
    clock: Clock,
    endpoint_url: str | None,
    write_probe: bool,
    waits: Waits,
) -> None:
    """Say a line about everything that can be asked of a store.

    A missing bucket ends it, and so does a store that does not answer.
    """
    if destination.sas:
        for checkup in judge_sas(destination.sas, clock.now()):
            say(checkup)
    key = None
    try:
        async with open_store(
            destination, clock=clock, endpoint_url=endpoint_url, bounds=waits.bounds
        ) as store:
            listing = await _look_listed(store, destination, waits)
            say(listing.checkup)
            if listing.ended_by is Reason.UNAVAILABLE:
                has = has_region(destination, endpoint_url)
                for name in ("write", "read", *(["region"] if has else []), "public"):
                    say(line(name, Status.UNKNOWN, "it was not asked: the store does not answer"))
            if listing.ended_by:
                return
            key = listing.key
            if write_probe:
                probe_key = destination.prefix(clock.now().date()) + TEST_NAME
                written = await _probe(store, destination, probe_key, waits)
                say(written)
                key = key or (probe_key if written.status is not Status.FAIL else None)
            say(await _look_read(store, key, listing.checkup.status, waits))
            if not write_probe:
                say(_not_written())
    except StoreError as error:  # it could not even be opened: there are no credentials at all
        say(refusal("list", error))
    if destination.scheme is Scheme.FILE:
        say(await look_at_modes(destination))
        return
    region = await look_at_region(destination, clock=clock, endpoint_url=endpoint_url, waits=waits)
    if region:
        say(region)
    say(
        await look_public(destination, key=key, clock=clock, endpoint_url=endpoint_url, waits=waits)
    )


async def _look_listed(store: Store, destination: Destination, waits: Waits) -> _Listing:
    """List the folder; of a path with {DATE} the part that no day changes."""
    try:
        question = store.list(destination.prefix_literal)
        page = await in_time(question, what=f"{destination}: listing it", waits=waits)
    except ObjectMissing as error:  # of a listing nothing else can be missing
        missing = msgspec.structs.replace(
            refusal("list", error),
            remedy="Create it, or correct its name in the destination_conf.",
        )
        return _Listing(checkup=missing, ended_by=Reason.BUCKET_MISSING)
    except StoreError as error:
        dumb = error.reason is Reason.UNAVAILABLE and destination.scheme is not Scheme.FILE
        return _Listing(checkup=refusal("list", error), ended_by=error.reason if dumb else None)
    key = page.objects[0].key if page.objects else None
    if page.unlisted:
        missed = page.unlisted[0]
        message = f"{destination} can be listed but for {of_one_word(missed.error, missed.key)}"
        return _Listing(checkup=line("list", Status.WARN, message), key=key)
    message = f"{destination} can be listed: {_amount(page)}"
    return _Listing(checkup=line("list", Status.PASS, message), key=key)


def _amount(page: Page) -> str:
    if page.next is not None:
        return f"{len(page.objects):,} objects and more"
    return counted(len(page.objects), "object") if page.objects else "nothing is there yet"


async def _look_read(store: Store, key: str | None, listed: Status, waits: Waits) -> Checkup:
    """Read one byte of an object."""
    if key is None:
        empty = listed is not Status.FAIL
        message = "there is nothing to read yet" if empty else "without a list no object is known"
        return line("read", Status.UNKNOWN, message)
    try:
        await in_time(store.read(key, bytes_max=1), what=unbroken(key), waits=waits)
    except ObjectMissing:
        return line("read", Status.UNKNOWN, f"{unbroken(key)} was listed, and is gone")
    except StoreError as error:
        archived = error.reason is Reason.OBJECT_ARCHIVED  # it may be read, once it is restored
        return refusal("read", error, status=Status.WARN if archived else Status.FAIL, key=key)
    name = unbroken(key.rpartition("/")[2])
    return line("read", Status.PASS, f"an object can be read: {name}")


async def _probe(store: Store, destination: Destination, key: str, waits: Waits) -> Checkup:
    """Write Logpush's own test object, which every reader skips, and read it back.

    What else lies there under its name stays; where that cannot be seen, it is taken for a test.
    """
    named = unbroken(key)
    try:
        taken = await _is_taken(store, key, waits)
        if taken:
            message = f"it was not tried: {named} is there, and it is not Logpush's test"
            remedy = "Look what it is and move it: Logpush may write a test of its own over it."
            return line("write", Status.UNKNOWN, message, remedy)
        await in_time(store.put(key, TEST_OBJECT), what=f"writing {named}", waits=waits)
    except StoreError as error:
        return refusal("write", error)
    written = f"{named} is written {_by_whom(destination)}"
    if taken is None:
        written += ", over what may have lain there and could not be seen"
    try:
        question = store.read(key, bytes_max=len(TEST_OBJECT) + 1)
        back = await in_time(question, what=f"reading {named}", waits=waits)
    except StoreError as error:
        return line("write", Status.PASS, f"{written}; it could not be read back: {error}")
    if back != TEST_OBJECT:
        message = f"{written}, and what is read back is something else"
        return line("write", Status.FAIL, message, "Look for what changes objects on their way.")
    return line("write", Status.PASS, f"{written} and read back")


async def _is_taken(store: Store, key: str, waits: Waits) -> bool | None:
    """Tell whether something lies there that is no test; None where nobody lets us see."""
    try:
        question = store.read(key, bytes_max=STORED_BYTES_MAX)
        before = await in_time(question, what=f"reading {unbroken(key)}", waits=waits)
    except ObjectMissing:
        return False
    except StoreDenied as error:
        # Keys that only write are Logpush's usual ones. What is archived is there, and no test.
        return True if error.reason is Reason.OBJECT_ARCHIVED else None
    return not is_test(before)


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
        f"--write-probe writes {TEST_NAME}, named as Logpush's documents name its test (whether it "
        "lies in buckets under that name, they do not say).",
    )
