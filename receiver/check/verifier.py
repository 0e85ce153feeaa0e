"""One batch against the jobs that it may be of: compressed chunks in, a Report out.

Synchronous and without I/O: whoever has the bytes feeds them. However they were cut, the Report is
the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from receiver.batch.gunzip import Gunzip, GzipFault
from receiver.batch.lines import Lines, LineSplitter, LongLine
from receiver.batch.name import read_name
from receiver.check import bulk
from receiver.check.codes import Code
from receiver.check.explain import Departure
from receiver.check.json_text import first_records
from receiver.check.judge import RecordJudge
from receiver.check.key import key_departures
from receiver.check.plan import Choice, Plan, choose, job_words
from receiver.check.report import Report
from receiver.check.tally import Tally, verdict_of
from receiver.check.timestamps import Bounds
from receiver.destination.destination import Destination
from receiver.limits import EXAMPLES_MAX, LINE_BYTES_MAX, MIB, PLAIN_BYTES_MAX, REPEAT_RECORDS_MAX

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BatchVerifier:
    """`feed` the chunks of one object, then `close`.

    `destination` is where the object lies, None of a copy without a conf; `arrived_at` is the
    store's time stamp (or now): no record can be later.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        key: str,
        arrived_at: datetime,
        destination: Destination | None = None,
    ) -> None:
        self._plan = plan
        self._key = key
        self._name = read_name(key)
        self._gunzip = Gunzip()
        self._splitter = LineSplitter()
        self._tally = Tally()
        self._repeats = bulk.LineSet(REPEAT_RECORDS_MAX, EXAMPLES_MAX)
        self._window = self._name.window if self._name is not None else None
        self._bounds = Bounds.of(
            arrived_at=arrived_at, window_end=self._window[1] if self._window is not None else None
        )
        self._choice: Choice | None = None
        self._judge = RecordJudge(plan.any_job, self._bounds, self._tally)
        self._judges = [self._judge]
        self._lines = 0
        self._gzip_faults = 0
        self._given_up = False
        for departure in key_departures(key, self._name, destination):
            self._tally.add(departure, 0)

    def feed(self, chunk: bytes) -> None:
        """Take the next compressed bytes, of any size; 64 KiB to 1 MiB cost least."""
        self._take(self._gunzip.feed(chunk))

    def close(self) -> Report:
        """End the batch and report."""
        self._take(self._gunzip.close())
        if not self._gunzip.cut and not self._given_up:  # of a cut batch the last line is cut too
            self._read(self._splitter.close())
        return self._report()

    def _take(self, blocks: Iterable[bytes | GzipFault]) -> None:
        for block in blocks:
            if isinstance(block, GzipFault):
                self._gzip_faults += 1
                code = Code(block.state)
                where = f"after line {self._lines:,}"
                self._tally.add(Departure(code, "", block.expected, block.got, where), 0)
            elif not self._given_up:
                if self._gunzip.plain_bytes > PLAIN_BYTES_MAX:
                    self._given_up = True
                    self._tally.add(
                        Departure(Code.BATCH_TOO_LARGE, "", "at most 16 GiB", "more than 16 GiB"), 0
                    )
                    return
                self._read(self._splitter.feed(block))

    def _read(self, parts: Iterable[Lines | LongLine]) -> None:
        for part in parts:
            if isinstance(part, Lines):
                self._repeats.add(part.lines)
                judge = self._judge_of(part.lines)
                if judge is not None:
                    judge.lines(part, first=self._lines + 1)
                self._lines += len(part.lines)
                continue
            self._lines += 1
            self._repeats.add([part.line or b""])
            judge = self._judge_of([])
            if part.line is not None:
                if judge is not None:
                    judge.long_line(part.line, self._lines)
            else:
                got = f"{part.line_bytes / MIB:,.1f} MiB"
                longest = f"at most {LINE_BYTES_MAX // MIB} MiB"
                self._tally.add(
                    Departure(Code.LINE_TOO_LONG, "", longest, "more", got), self._lines
                )

    def _judge_of(self, lines: Sequence[bytes]) -> RecordJudge | None:
        """The judge of the job that the batch follows; until a record shows it, one for any job.

        None where the job's lines are not JSON.
        """
        if self._choice is None:
            jobs = self._plan.jobs
            records = first_records(lines) if len(jobs) > 1 else []
            if records or len(jobs) == 1 or not all(job.expectation.plain for job in jobs):
                self._choice = choose(self._plan, records)
                if self._choice.job is not None:
                    self._judge = RecordJudge(self._choice.job, self._bounds, self._tally)
                    self._judges.append(self._judge)
        job = self._choice.job if self._choice is not None else None
        return self._judge if job is None or job.expectation.plain else None

    def _report(self) -> Report:
        choice = self._choice or choose(self._plan, [])
        expectation = choice.job.expectation if choice.job is not None else None
        records = sum(judge.records for judge in self._judges)
        repeats, numbers = self._repeats.found()
        if repeats:
            departure = Departure(Code.RECORD_REPEATED, "", "each line once", "a line again")
            for number in numbers:
                self._tally.add(departure, number)
            self._tally.count(departure, repeats - len(numbers))
        if choice.other and records:
            wanted = ", ".join(dict.fromkeys(job.expectation.dataset for job in self._plan.jobs))
            other = Departure(Code.DATASET_OTHER, "", wanted, f"fields of {choice.other}")
            self._tally.count(other, records, 0)
        if not self._lines and not self._gzip_faults:
            self._tally.add(Departure(Code.BATCH_EMPTY, "", "records", "no line"), 0)
        findings = self._tally.findings(expectation)
        return Report(
            key=self._key,
            job=expectation.job_id if expectation is not None else None,
            verdict=verdict_of(findings),
            records=records,
            plain_bytes=self._gunzip.plain_bytes,
            compressed_bytes=self._gunzip.compressed_bytes,
            window=self._window,
            event_time=_span(self._judge.event_span),
            findings=findings,
            notes=(*choice.notes, *self._notes(), *self._tally.notes()),
        )

    def _notes(self) -> Iterator[str]:
        job = self._choice.job if self._choice is not None else None
        if job is not None and job.expectation.former:
            yield f"{job_words(job.expectation)} as it was before its last change"
        for judge in self._judges:
            yield from judge.notes
        if self._lines > REPEAT_RECORDS_MAX:
            yield f"repeats were looked for in the first {REPEAT_RECORDS_MAX:,} lines only"


def _span(span: tuple[int, int] | None) -> tuple[datetime, datetime] | None:
    if span is None:
        return None
    first, last = (_EPOCH + timedelta(microseconds=time // 1000) for time in span)
    return first, last
