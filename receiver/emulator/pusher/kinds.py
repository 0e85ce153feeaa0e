"""Every kind of fault that a plan may name: what it does, and what a verifier says of it today.

The findings' codes are plain text here, as everywhere in the emulator: it does not know the checks.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from receiver.emulator.batches import Batch, PlantedFault
from receiver.emulator.faults import FAULTS
from receiver.emulator.harmless import HARMLESS
from receiver.emulator.pusher import flow_faults, record_faults
from receiver.emulator.pusher.delivery import Delivery, Outage
from receiver.emulator.pusher.planting import Planting, delivery_of
from receiver.emulator.pusher.wording import upload_error
from receiver.errors import JobInvalid

UNJUDGED: Final = "nothing judges it yet"

Deliver = Callable[[Batch, Planting], list[Delivery]]
"""What is uploaded instead of one batch of the window."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault. `takes` are the settings of a `[[fault]]` that mean something to it."""

    does: str  # for people: what becomes of the batch
    shown_by: str = ""  # the code of the finding; "" where nothing judges it yet, or must
    deliver: Deliver | None = None  # None of an outage
    outage: Outage | None = None
    takes: tuple[str, ...] = ()
    harmless: bool = False  # nothing must be found
    lasting: bool = False  # it is in force from one moment to another: no single windows
    in_records: bool = False  # it reads or writes the records, which must be NDJSON for that
    of_sweep: tuple[PlantedFault, ...] = ()  # found of all batches together, given a reference

    @property
    def judged(self) -> str:
        """What a verifier says of it today, for people."""
        if self.harmless:
            return "nothing must be found"
        if self.of_sweep:
            return f"{self.shown_by} (reference)"
        return self.shown_by or UNJUDGED


def _built(name: str) -> Deliver:
    def deliver(batch: Batch, planting: Planting) -> list[Delivery]:
        return [delivery_of(FAULTS[name](batch, planting.spoiler(batch)), batch, planting)]

    return deliver


def _misplaced(batch: Batch, planting: Planting) -> list[Delivery]:
    if "{DATE}" not in batch.path:
        raise JobInvalid("the destination has no {DATE}: there is no folder of a day to be wrong")
    return _built("key-day")(batch, planting)


def _varied(name: str) -> Deliver:
    def deliver(batch: Batch, planting: Planting) -> list[Delivery]:
        objects = HARMLESS[name](batch, planting.rng)
        whole = [delivery_of(each, batch, planting) for each in objects]
        records = len(batch.lines)
        return [
            msgspec.structs.replace(each, records=-(-(records - place) // len(whole)))
            for place, each in enumerate(whole)
        ]

    return deliver


def _in_lines(does: str, name: str, *takes: str) -> Kind:
    return Kind(
        does=does, shown_by=name.partition("/")[0], deliver=_built(name), takes=takes,
        in_records=True,
    )  # fmt: skip


def _in_records(does: str, shown_by: str, deliver: Deliver, *takes: str) -> Kind:
    return Kind(does=does, shown_by=shown_by, deliver=deliver, takes=takes, in_records=True)


def _in_object(does: str, name: str) -> Kind:
    return Kind(does=does, shown_by=name, deliver=_built(name))


def _harmless(does: str, name: str) -> Kind:
    return Kind(does=does, deliver=_varied(name), harmless=True)


def _failing(does: str, why: str, *, halts: bool = False) -> Kind:
    return Kind(does=does, outage=Outage(why=upload_error(why), halts=halts), lasting=True)


KINDS: Final[dict[str, Kind]] = {
    "gap": Kind(does="the window's batches are never uploaded", deliver=flow_faults.withhold),
    "late": Kind(
        does="they are uploaded 15 minutes (`seconds`) late",
        deliver=flow_faults.delay, takes=("seconds",),
    ),
    "duplicate-object": Kind(
        does="the batch is uploaded a second time, under another id",
        deliver=flow_faults.deliver_twice,
    ),
    "duplicate-records": Kind(
        does="3 records (or a `share`) stand in the batch twice",
        shown_by="record-repeated", deliver=_built("record-repeated"), takes=("share",),
    ),
    "overlap": Kind(
        does="half of the records come again in a batch whose window overlaps",
        deliver=flow_faults.overlap,
    ),
    "wrong-day-folder": Kind(
        does="the batch lies in the folder of three days before",
        shown_by="key-day", deliver=_misplaced,
    ),
    "field-missing": _in_records(
        "3 records (or a `share`) lack one of the job's fields (`field`)",
        "field-missing", record_faults.drop_field, "field", "share",
    ),
    "field-extra": _in_records(
        "3 records (or a `share`) have a key that nobody asked for (`field`)",
        "field-unexpected", record_faults.add_field, "field", "share",
    ),
    "field-type": _in_records(
        "3 records (or a `share`) hold a value of another type (`field`)",
        "field-type", record_faults.change_type, "field", "share",
    ),
    "timestamp-format": _in_records(
        "3 records (or a `share`) tell a time in another format (`field`)",
        "timestamp-format", record_faults.change_format, "field", "share",
    ),
    "sample-wrong": Kind(
        does="only half (a `share`) of what the job's sample keeps is kept",
        shown_by="sample-rate", deliver=flow_faults.sample_again, takes=("share",),
        of_sweep=(flow_faults.sample_finding(),),
    ),
    "filter-ignored": _in_records(
        "as many records more (or a `share`) that no filter has looked at",
        "", flow_faults.ignore_filter, "share",
    ),
    "cve-lost": _in_records(
        "3 records (or a `share`) hold a `${` that the job would have rewritten",
        "record-unrewritten", record_faults.arm_lookup, "share",
    ),
    "gzip-truncated": _in_object("the object ends inside its gzip member", "gzip-truncated"),
    "gzip-crc": _in_object("the gzip member's checksum is another's", "gzip-crc"),
    "gzip-garbage": _in_object("bytes that are no gzip follow the gzip member", "gzip-garbage"),
    "not-gzip": _in_object("the object holds the bare lines", "not-gzip"),
    "batch-empty": _in_object("the object is a gzip member with nothing inside", "batch-empty"),
    "line-huge": _in_lines("a record has a line of more than 16 MiB", "line-too-long"),
    "line-not-utf8": _in_lines(
        "3 lines (or a `share`) hold a byte of Latin-1", "line-not-utf8", "share"
    ),
    "dataset-wrong": _in_lines("all records are another data set's", "dataset-other"),
    "clock-skew": _in_records(
        "the records' times (or a `share`'s) are an hour (`seconds`) ahead",
        "timestamp-after-window", record_faults.skew_clock, "seconds", "share",
    ),
    "silence": Kind(
        does="nothing is uploaded, from one moment on",
        deliver=flow_faults.withhold, lasting=True,
    ),
    "partial-loss": Kind(
        does="a fifth (a `share`) of the records is lost, each by its own draw",
        deliver=flow_faults.lose_records, takes=("share",),
    ),
    "upload-stalled": _failing(
        "uploads come to a halt half-way (of one to a store nothing is seen) and are tried again,"
        " as long as it lasts",
        "the upload has stalled: no byte went through in time",
        halts=True,
    ),
    "permission-lost": _failing(
        "the destination refuses every upload, as long as it lasts",
        "access denied: the destination no longer lets us write",
    ),
    "gzip-members": _harmless("the object has five gzip members", "several gzip members"),
    "reordered": _harmless("the records are in another order", "records in another order"),
    "zero-padding": _harmless("zeros follow the gzip member", "zeros after the gzip"),
    "many-objects": _harmless(
        "the batch comes as three objects of one window", "several objects for one window"
    ),
}  # fmt: skip
"""By name, in the order in which documents list them."""
