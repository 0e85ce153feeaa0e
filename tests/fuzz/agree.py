"""Where the checker and the oracle differ about a batch, in words."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Final

import msgspec

from receiver.check.report import Report, Severity, Verdict
from receiver.check.verifier import BatchVerifier
from tests.fuzz.jobs import ARRIVED, CATALOGUE, FuzzJob, jobs
from tests.fuzz.mutate import field_of, line_fault, line_of, pack, pairs_of, record_fault
from tests.property.oracle import Facts, judge

KEY: Final = "logs/20261122/20261122T100000Z_20261122T100500Z_9af500e2.log.gz"
EXAMPLES: Final = 3
WARNINGS: Final = frozenset(
    {"batch-empty", "line-blank", "field-null", "field-value", "timestamp-precision"}
    | {"timestamp-after-window", "record-repeated", "key-name"}
)
SOFT: Final = frozenset({"field-missing", "field-unexpected"})


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One mutated object of one job."""

    job: FuzzJob
    plain: bytes
    data: bytes


def make_case(seed: int) -> Case:
    """Make the case of a seed: the same each time."""
    random = Random(seed)
    job = random.choice(jobs())
    count = random.choice([1, 1, 2, 5, 40, 100, 400, 400, 1500])
    lines = [job.lines[index % len(job.lines)] for index in range(count)]
    focus = field_of(job, random) if random.random() < 0.4 else None  # faults of one field meet
    for _ in range(random.choice([0, 1, 1, 2, 3, 5])):
        name = field_of(job, random) if focus is None else focus
        fault, share = (
            record_fault(job, name, random),
            random.choice([1.0, 1.0, 0.5, 0.1, 1 / count]),
        )
        spaced = random.choice([0, 0, 0, 1, 2, 3])
        for index, line in enumerate(lines):
            if random.random() < share:
                lines[index] = _with_fault(line, fault, spaced, random)
    for _ in range(random.choice([0, 0, 1, 2, 4])):
        of_line, share = line_fault(random), random.choice([0.2, 1 / count, 2 / count, 1.0])
        lines = [of_line(line, random) if random.random() < share else line for line in lines]
    plain = b"\n".join(lines) + random.choice([b"", b"\n", b"\n", b"\n\n"])
    return Case(job=job, plain=plain, data=pack(plain, random))


def _with_fault(line: bytes, fault: object, spaced: int, random: Random) -> bytes:
    try:
        pairs = pairs_of(line)
    except (ValueError, AttributeError):
        return line  # it has had a fault that left no record
    assert callable(fault)
    try:
        return line_of(fault(pairs, random), spaced)
    except UnicodeEncodeError:  # half a surrogate pair, put there by an earlier fault
        return line


def report_of(job: FuzzJob, chunks: Iterable[bytes], *, key: str = KEY) -> Report:
    """Verify an object that comes in these chunks."""
    verifier = BatchVerifier(job.plan, key=key, arrived_at=ARRIVED)
    for chunk in chunks:
        verifier.feed(chunk)
    return verifier.close()


def differences(job: FuzzJob, data: bytes) -> list[str]:
    """Say where the checker and the oracle differ about one object."""
    report = report_of(job, [data])
    facts = judge(
        data,
        key=KEY,
        arrived_at=ARRIVED,
        expectation=job.expectation,
        catalogue=CATALOGUE,
        plain_bytes=report.plain_bytes,
    )
    return list(compare(job, facts, report))


def compare(job: FuzzJob, facts: Facts, report: Report) -> Iterator[str]:
    """Yield each difference between the facts and a Report."""
    if report.compressed_bytes != facts.compressed_bytes:
        yield f"compressed bytes {report.compressed_bytes}, oracle {facts.compressed_bytes}"
    codes = Counter({one.code: one.count for one in report.findings if one.code in facts.batch})
    if codes != facts.batch:
        yield f"of the batch {codes}, oracle {facts.batch}"
    if any("was not checked" in note for note in report.notes):
        return  # a line over 512 KiB: what may be left out of it is the checker's own affair
    for name in ("records", "plain_bytes"):
        if getattr(report, name) != getattr(facts, name):
            yield f"{name} {getattr(report, name)}, oracle {getattr(facts, name)}"
    yield from _counts(facts, report)
    yield from _words(facts, report)
    yield from _examples(facts, report)
    failed = any(
        code not in WARNINGS and (code not in SOFT or job.expectation.fields_explicit)
        for code, _ in facts.counts
    )
    if (report.verdict is Verdict.FAIL) != failed:
        yield f"verdict {report.verdict}, oracle {'fail' if failed else 'pass'}"
    for finding in report.findings:
        soft = finding.code in WARNINGS or (
            finding.code in SOFT and not job.expectation.fields_explicit
        )
        if (finding.severity is Severity.WARNING) != soft:
            yield f"severity of {finding.code} is {finding.severity}"
    told = report.event_time and tuple(map(_micros, report.event_time))
    expected = facts.event_time and tuple(nanos // 1000 for nanos in facts.event_time)
    if told != expected:
        yield f"event time {told}, oracle {expected}"


def _micros(moment: datetime) -> int:
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 10**6 + delta.microseconds


def _counts(facts: Facts, report: Report) -> Iterator[str]:
    bounded = any(one.got == "others" and not one.field for one in report.findings)
    found: Counter[tuple[str, str]] = Counter()
    expected: Counter[tuple[str, str]] = Counter()
    for one in report.findings:
        found[one.code, "" if bounded else one.field] += one.count
    for (code, field), count in facts.counts.items():
        expected[code, "" if bounded else field] += count
    for pair in sorted(found.keys() | expected.keys()):
        if found[pair] != expected[pair]:
            yield f"{' '.join(pair)}: {found[pair]}, oracle {expected[pair]}"


def _words(facts: Facts, report: Report) -> Iterator[str]:
    found = {
        (one.field, one.got): one.count for one in report.findings if one.code == "field-value"
    }
    if found != facts.words:
        yield f"words {found}, oracle {dict(facts.words)}"
    left_out = {note.partition(":")[0] for note in report.notes if "undocumented values" in note}
    if left_out != facts.words_left_out:
        yield f"words left out of {left_out}, oracle {set(facts.words_left_out)}"


def _examples(facts: Facts, report: Report) -> Iterator[str]:
    """The examples of findings are lines that have the departure, the first of them all."""
    lines: dict[tuple[str, str], list[int]] = {}
    for number, line in enumerate(facts.lines, start=1):
        for pair in line.departures:
            lines.setdefault(pair, []).append(number)
    shown: dict[tuple[str, str], list[list[int]]] = {}
    for one in report.findings:
        if one.code in facts.batch or one.code == "record-repeated" or one.got == "others":
            continue
        numbers = [example.line for example in one.examples]
        if numbers != sorted(numbers):
            yield f"{one.code} {one.field}: examples {numbers} are not in order"
        shown.setdefault((one.code, one.field), []).append(numbers)
    bounded = {one.code for one in report.findings if one.got == "others" and not one.field}
    for pair, examples in shown.items():
        told = {number for numbers in examples for number in numbers}
        wanted = lines.get(pair, [])
        if pair[0] in bounded:  # further kinds of it have no examples
            if not told <= set(wanted):
                yield f"{' '.join(pair)}: examples {sorted(told)}, oracle {wanted}"
        elif len(examples) == 1 and pair[0] != "field-value":
            right = [wanted[:EXAMPLES], sorted([*wanted, *wanted])[:EXAMPLES]]
            if examples[0] not in right:
                yield f"{' '.join(pair)}: examples {examples[0]}, oracle {wanted[:EXAMPLES]}"
        elif not told <= set(wanted) or (wanted and min(told) != wanted[0]):
            yield f"{' '.join(pair)}: examples {sorted(told)}, oracle {wanted[:EXAMPLES]}"
