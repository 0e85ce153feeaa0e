"""Metrics for Prometheus: what the intake tells, counted per batch, and how watching goes.

Labels are a job's id, a place's number (`receiver_place_info` has its scheme), a code or a reason:
closed sets, bounded, and never a key, a message or an address.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from receiver import __version__
from receiver.check.report import Severity
from receiver.daemon.status.scene import Watched
from receiver.errors import LedgerError, Reason
from receiver.ledger.ledger import Entry, Judgement
from receiver.limits import METRIC_LABELS_MAX

OTHER: Final = "other"
NO_JOB: Final = "none"
_LATENESS: Final = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 3 * 3600, 6 * 3600, 86400)
_JUDGING: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)
_STALLS: Final = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5)

_STALL_LOOK_SECONDS: Final = 0.1

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody reads


class Metrics:
    """All of one process, in a registry of its own. It is an IntakeObserver.

    `changed` is called whenever a page may show something new.
    """

    def __init__(self, *, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._jobs: set[str] = set()
        self._places: dict[str, str] = {}
        self._arrivals: dict[str, float] = {}
        self._place_errors: dict[str, str] = {}
        self.registry = CollectorRegistry(auto_describe=True)
        counter, gauge = self._counter, self._gauge
        self._batches = counter("batches", "Batches judged.", "job", "verdict")
        self._records = counter("records", "Records of the batches judged.", "job")
        self._plain = counter("plain_bytes", "Their bytes before gzip.", "job")
        self._compressed = counter("compressed_bytes", "Their bytes as stored.", "job")
        self._findings = counter("findings", "Batches with a finding.", "job", "code", "severity")
        self._departures = counter(
            "departures", "Single breaks of a rule.", "job", "code", "severity"
        )
        self._repeated = counter("judgements_repeated", "Batches judged once more.", "job")
        self._rewritten = counter(
            "rewritten_batches", "Batches judged whose name had another content before.", "job"
        )
        self._put_back = counter("put_back_objects", "Objects not read, tried again.", "place")
        self._parked = counter("parked_objects", "Objects not read, and parked.", "place")
        self._lost = counter("claims_lost", "Claims that ended before the verdict.", "place")
        self._ledger_errors = counter("ledger_errors", "Calls that the ledger refused.", "kind")
        self._flying = gauge("in_flight_objects", "Objects that are being read.", "place")
        self._flying_bytes = gauge("in_flight_bytes", "Memory that they may take.", "place")
        self._store_errors = counter(
            "store_errors", "Objects that a store did not give.", "place", "reason"
        )
        self._unreadable = gauge("place_unreadable", "1 while nothing can be read there.", "place")
        self._unlisted = gauge("place_unlisted", "1 while it cannot be listed.", "place")
        self._place_info = gauge("place_info", "1; which scheme a place has.", "place", "scheme")
        self._listed_at = gauge(
            "last_listing_timestamp_seconds", "When a place was listed.", "place"
        )
        self._arrived_at = gauge("last_arrival_timestamp_seconds", "When a batch arrived.", "job")
        self._waiting = gauge("waiting_oldest_seconds", "Age of what waits longest; 0: nothing.")
        self._parked_now = gauge("parked_entries", "Objects parked now, up to a bound.")
        self._build = gauge("build_info", "1; the version that runs.", "version")
        self._build.labels(version=__version__).set(1)
        self._lateness = self._histogram(
            "lateness_seconds", "From a window's end to arrival.", _LATENESS, "job"
        )
        self._judging = self._histogram("judging_seconds", "Reading and judging a batch.", _JUDGING)
        self._stalls = self._histogram(
            "loop_stall_seconds", "How late the event loop turned.", _STALLS
        )

    # --- the intake ---
    def judged(self, entry: Entry, judgement: Judgement, *, read_seconds: float) -> None:
        """Count a verdict that was recorded."""
        report, job = judgement.report, self._job(judgement.report.job)
        self._batches.labels(job, report.verdict.value).inc()
        self._records.labels(job).inc(report.records)
        self._plain.labels(job).inc(report.plain_bytes)
        self._compressed.labels(job).inc(report.compressed_bytes)
        seen: set[tuple[str, Severity]] = set()
        for finding in report.findings:
            labels = (job, finding.code, finding.severity.value)
            self._departures.labels(*labels).inc(finding.count)
            if (finding.code, finding.severity) not in seen:
                self._findings.labels(*labels).inc()
            seen.add((finding.code, finding.severity))
        self._judging.observe(read_seconds)
        if entry.judgements:
            self._repeated.labels(job).inc()
        else:
            self._arrived(job, judgement.arrived_at or entry.arrived_at, report.window)
            if entry.rewrites:
                self._rewritten.labels(job).inc()
        self._changed()

    def put_back(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        """Count an object that could not be read; one that was let go is none."""
        if error:
            self._put_back.labels(self._place(entry.place)).inc()
            self._store_errors.labels(self._place(entry.place), _reason(reason)).inc()
        self._changed()

    def parked(self, entry: Entry, *, error: str, reason: Reason | None) -> None:
        """Count an object that was given up."""
        self._parked.labels(self._place(entry.place)).inc()
        self._store_errors.labels(self._place(entry.place), _reason(reason)).inc()
        self._changed()

    def lost(self, entry: Entry) -> None:
        """Count a claim that ended too early."""
        self._lost.labels(self._place(entry.place)).inc()

    def in_flight(self, place: str, *, objects: int, cost_bytes: int) -> None:
        """Note what is being read."""
        self._flying.labels(self._place(place)).set(objects)
        self._flying_bytes.labels(self._place(place)).set(cost_bytes)

    def place_error(self, place: str, error: str) -> None:
        """Note that a place cannot be read from, or can be again."""
        self._unreadable.labels(self._place(place)).set(1 if error else 0)
        self._place_errors.pop(place, None)
        if error:
            self._place_errors[place] = error
        self._changed()

    def place_errors(self) -> Mapping[str, str]:
        """Return why nothing can be read, of the places where that is so."""
        return self._place_errors

    def place_number(self, place: str) -> str:
        """Return the label of a place: whoever is alarmed by a number wants to know which it is."""
        return self._place(place)

    # --- when it is asked for ---
    def places(self, states: Iterable[Watched]) -> None:
        """Note how watching goes."""
        for state in states:
            number = self._place(state.place)
            self._unlisted.labels(number).set(1 if state.error else 0)
            if state.last_listed_at is not None:
                self._listed_at.labels(number).set(state.last_listed_at.timestamp())

    def queue(self, *, waiting_seconds: float, parked: float) -> None:
        """Note what the ledger has that is not judged; NaN where it does not say."""
        self._waiting.set(waiting_seconds)
        self._parked_now.set(parked)

    def remembered(self, job: int, arrived_at: datetime) -> None:
        """Note a job's last arrival of before the restart: a silent job is to be told of too."""
        self._arrived(self._job(job), arrived_at, None)

    def exposition(self) -> tuple[bytes, str]:
        """Return all of it as Prometheus reads it, and the content type of that."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    # --- everybody ---
    def ledger_error(self, error: LedgerError) -> None:
        """Count a call that the ledger refused."""
        self._ledger_errors.labels(type(error).__name__).inc()
        self._changed()

    def stall(self, seconds: float) -> None:
        """Count how late the event loop turned."""
        self._stalls.observe(seconds)

    def _arrived(self, job: str, at: datetime, window: tuple[datetime, datetime] | None) -> None:
        if at.timestamp() > self._arrivals.get(job, 0.0):
            self._arrivals[job] = at.timestamp()
            self._arrived_at.labels(job).set(at.timestamp())
        if window is not None:
            self._lateness.labels(job).observe((at - window[1]).total_seconds())

    def _job(self, job: int | None) -> str:
        name = NO_JOB if job is None else str(job)
        if name not in self._jobs:
            if len(self._jobs) >= METRIC_LABELS_MAX:
                return OTHER
            self._jobs.add(name)
        return name

    def _place(self, place: str) -> str:
        number = self._places.get(place)
        if number is None:
            if len(self._places) >= METRIC_LABELS_MAX:
                return OTHER
            number = self._places[place] = str(len(self._places) + 1)
            self._place_info.labels(number, place.partition("://")[0]).set(1)
        return number

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"receiver_{name}_total", said, labels, registry=self.registry)

    def _gauge(self, name: str, said: str, *labels: str) -> Gauge:
        return Gauge(f"receiver_{name}", said, labels, registry=self.registry)

    def _histogram(
        self, name: str, said: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"receiver_{name}", said, labels, buckets=buckets, registry=self.registry)


async def measure_stalls(metrics: Metrics, *, seconds: float = _STALL_LOOK_SECONDS) -> None:
    """Measure how late the event loop turns, until cancelled. Goes by the loop's own time."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + seconds
        await asyncio.sleep(seconds)
        metrics.stall(max(0.0, loop.time() - due))


def _reason(reason: Reason | None) -> str:
    return OTHER if reason is None else reason.value
