"""What the pages show, as values: the templates draw them and the JSON has them as they are.

Where the report of `verify` has the same thing it has the same name there. Times are UTC.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from receiver.check.report import Finding, Severity, Verdict
from receiver.ledger.ledger import State


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over batches; `failed` and `warned` count batches (warned: not failed)."""

    batches: int = 0
    failed: int = 0
    warned: int = 0
    records: int = 0
    plain_bytes: int = 0
    compressed_bytes: int = 0


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """The batches whose windows begin in one span of time; lateness is in seconds."""

    start: datetime
    end: datetime
    totals: Totals = Totals()
    lateness_mean: float | None = None
    lateness_max: float | None = None


class Level(StrEnum):
    """How much a Trouble matters: an error wants a person now."""

    ERROR = "error"
    WARNING = "warning"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: what, since when, and where to look."""

    level: Level
    what: str
    since: datetime | None = None
    since_before: bool = False  # `since` is only as far as was looked back
    detail: str = ""
    look: str = ""  # a path of this server
    look_at: str = ""  # what is there


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """One job over the last 24 hours; `path` is its page. `id` None: a place's jobs without ids."""

    id: int | None
    name: str
    dataset: str
    options: str
    places: tuple[str, ...]
    path: str
    verdict: Verdict  # inconclusive: nothing arrived
    configured: bool  # else only the ledger knows it
    totals: Totals
    last_arrival: datetime | None = None
    last_window_end: datetime | None = None
    lag_seconds: float | None = None  # from the end of the newest window to now
    failing_since: datetime | None = None  # the last failures with nothing good in between
    failing_since_before: bool = False
    failing_until: datetime | None = None  # none after that; None: it goes on
    nameless_failed: int = 0  # of the latest: their names tell no window, so no hour counts them
    nameless_failed_since: datetime | None = None
    silent_since: datetime | None = None
    usual: str = ""  # what is usual, where it is silent
    grace_until: datetime | None = None
    fails_by: tuple[str, ...] = ()  # of its last failed batch: "field-missing BotScore"
    place_error: str = ""  # why one of its places cannot be listed, or nothing be read there
    hours: tuple[Bucket, ...] = ()


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """One place and its watcher."""

    place: str
    last_listed_at: datetime | None
    last_arrival: datetime | None
    next_poll_at: datetime | None
    error: str
    stale: bool  # not listed for too long
    read_error: str = ""  # it can be listed, and nothing can be read
    number: str = ""  # the label that the metrics have of it


class ParkedView(msgspec.Struct, frozen=True, kw_only=True):
    """One object that could not be read, and will not be tried again by itself."""

    id: int
    place: str
    key: str
    stored_bytes: int
    arrived_at: datetime
    seen_at: datetime
    tries: int
    error: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The first page. Of many jobs those in trouble come first, and `jobs` are one page of them."""

    at: datetime
    verdict: Verdict
    troubles: tuple[Trouble, ...]
    totals: Totals
    jobs: tuple[JobView, ...]
    jobs_count: int
    page: int
    pages: int
    places: tuple[PlaceView, ...]
    parked: int
    parked_more: bool  # there are more than were counted
    unwatched: tuple[str, ...] = ()  # jobs whose batches are not judged, and why
    ledger_error: str = ""


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """The objects that are parked, newest first."""

    at: datetime
    parked: tuple[ParkedView, ...]
    more: bool


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A departure to look at: where, and what was there."""

    batch: str  # the path of the batch's page
    key: str
    line: int
    got: str
    field: str = ""


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """All findings of one code among the batches looked at, with what it means."""

    code: str
    severity: Severity
    count: int  # departures
    batches: int
    fields: tuple[tuple[str, int], ...]  # the most frequent ones
    fields_more: int
    expected: str  # this and `got`: "" where they are not the same everywhere
    got: str
    meaning: str
    remedy: str
    examples: tuple[Shown, ...]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest batches with findings have; `of` is how many there are in the span."""

    batches: int
    of: int
    findings: tuple[FindingView, ...] = ()


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One batch in a list."""

    id: int
    path: str
    key: str
    verdict: Verdict | None
    records: int
    plain_bytes: int
    compressed_bytes: int
    errors: int
    warnings: int
    window: tuple[datetime, datetime] | None
    arrived_at: datetime
    judged_at: datetime | None
    lateness_seconds: float | None
    judgements: int
    rewrites: str = ""  # the etag of the content before


class BatchList(msgspec.Struct, frozen=True, kw_only=True):
    """Batches whose windows begin in a span, newest first; `older` is where the next page ends.

    `more` are not shown where so many begin at one moment that a page does not hold them.
    """

    start: datetime
    end: datetime
    batches: tuple[BatchRow, ...]
    more: bool = False
    older: datetime | None = None
    failed_only: bool = False
    nameless: tuple[BatchRow, ...] = ()  # lately arrived, and their names tell no window


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """One job: the last 24 hours in short, and a span in buckets, findings and batches."""

    at: datetime
    job: JobView
    span: str
    totals: Totals
    buckets: tuple[Bucket, ...]
    findings: Findings
    list: BatchList


class BatchPage(msgspec.Struct, frozen=True, kw_only=True):
    """The whole Report of one batch, and what the ledger knows beside it.

    The first ten are those of `verify`'s report.
    """

    key: str
    job: int | None
    verdict: Verdict
    records: int
    plain_bytes: int
    compressed_bytes: int
    window: tuple[datetime, datetime] | None
    event_time: tuple[datetime, datetime] | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    id: int
    at: datetime
    job_path: str = ""
    place: str = ""
    etag: str = ""
    state: State | None = None
    arrived_at: datetime | None = None
    seen_at: datetime | None = None
    judged_at: datetime | None = None
    judgements: int = 0
    digest: str = ""
    rewrites: str = ""
    error: str = ""
    tries: int = 0
    lateness_seconds: float | None = None
