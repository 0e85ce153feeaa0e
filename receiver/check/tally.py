"""Departures gathered into findings: equal ones counted, the first few lines kept. Bounded."""

import msgspec

from receiver.check.codes import MEANINGS, SOFT, Code
from receiver.check.explain import Departure
from receiver.check.report import Example, Finding, Severity, Verdict
from receiver.job.expectation import Expectation
from receiver.limits import EXAMPLES_MAX, FINDINGS_MAX, VOCABULARY_VALUES_MAX


class _Counted(msgspec.Struct):
    count: int = 0
    examples: list[Example] = msgspec.field(default_factory=list)


class Tally:
    """Counts departures of one batch by what makes them equal.

    Beyond FINDINGS_MAX kinds, and beyond VOCABULARY_VALUES_MAX undocumented words of a field, new
    kinds are only noted; an error among them still fails the batch.
    """

    def __init__(self) -> None:
        self._counted: dict[tuple[Code, str, str, str], _Counted] = {}
        self._left_out: dict[Code, int] = {}
        self._words: dict[str, int] = {}
        self._words_left_out: set[str] = set()

    def add(self, departure: Departure, line: int) -> None:
        """Count one departure of one line, 0 for the batch as a whole."""
        self.count(departure, 1, line)

    def count(self, departure: Departure, times: int, line: int | None = None) -> None:
        """Count a departure so many times; with a line, that line may serve as an example."""
        counted = self._counted.get(departure.kind)
        if counted is None:
            if not self._has_room(departure, times):
                return
            counted = self._counted[departure.kind] = _Counted()
        counted.count += times
        if line is None:
            return
        examples = counted.examples
        if (
            len(examples) < EXAMPLES_MAX or line < examples[-1].line
        ):  # a block's lines come unsorted
            examples.append(Example(line=line, got=departure.shown))
            examples.sort(key=lambda example: example.line)
            del examples[EXAMPLES_MAX:]

    def is_full(self, field: str) -> bool:
        """Whether no further undocumented word of a field will be told."""
        return field in self._words_left_out

    def findings(self, expectation: Expectation | None) -> tuple[Finding, ...]:
        """The findings: errors first, then the most frequent."""
        findings = [
            Finding(
                code=code,
                severity=severity_of(code, expectation),
                field=field,
                expected=expected,
                got=got,
                count=counted.count,
                examples=tuple(counted.examples),
            )
            for (code, field, expected, got), counted in self._counted.items()
        ]
        findings.extend(
            Finding(code=code, severity=severity_of(code, expectation), got="others", count=count)
            for code, count in self._left_out.items()
        )
        order = list(Severity)
        findings.sort(key=lambda one: (order.index(one.severity), -one.count, one.code, one.field))
        return tuple(findings)

    def notes(self) -> list[str]:
        """What was left out of the findings."""
        notes = [
            f"{field}: more than {VOCABULARY_VALUES_MAX} undocumented values; the first are listed"
            for field in sorted(self._words_left_out)
        ]
        if self._left_out:
            notes.append(f"more than {FINDINGS_MAX} kinds of finding; the others are only counted")
        return notes

    def _has_room(self, departure: Departure, times: int) -> bool:
        if departure.code is Code.FIELD_VALUE:
            if self._words.get(departure.field, 0) >= VOCABULARY_VALUES_MAX:
                self._words_left_out.add(departure.field)
                return False
            self._words[departure.field] = self._words.get(departure.field, 0) + 1
        elif len(self._counted) >= FINDINGS_MAX:
            self._left_out[departure.code] = self._left_out.get(departure.code, 0) + times
            return False
        return True


def severity_of(code: Code, expectation: Expectation | None) -> Severity:
    """A code's severity; fields of a job with default fields may change at any time."""
    if code in SOFT and expectation is not None and not expectation.fields_explicit:
        return Severity.WARNING
    return MEANINGS[code].severity


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """A batch fails by one error; a warning never changes it."""
    failed = any(finding.severity is Severity.ERROR for finding in findings)
    return Verdict.FAIL if failed else Verdict.PASS
