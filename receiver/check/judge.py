"""The records of one batch against one job: engines first, what they reject line by line.

Nothing here decides what is right: engines accept only what `explain` would, and whatever they
reject goes there. This is about doing it fast, for good batches and for bad ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from receiver.batch.lines import Lines
from receiver.check.codes import Code
from receiver.check.engine import Engine, Flat, flatness
from receiver.check.explain import BLANK_LINE, CUT, Departure, Explainer, Judgement, show
from receiver.check.json_text import first_records
from receiver.check.long_line import read_long_line
from receiver.check.plan import JobPlan
from receiver.check.shape import Shape, promised_shape, shape_of
from receiver.check.tally import Tally
from receiver.check.timestamps import Bounds
from receiver.limits import EXAMPLES_MAX, GOT_CHARS_MAX, VARIANT_LINES_MIN, VARIANTS_MAX

_SHAPES_COUNTED_MAX = 1000  # shapes seen too seldom to have an engine
_FIRST_LINES = 20  # of a block: a record among them shows the order of the keys
_RECORD_BYTES_MIN = len(b"{}\n")  # a block of more lines than this leaves room for has blank ones
_REWRITTEN = b"${"


class _Variant:
    """A shape with its engine, and the order in which its keys came."""

    def __init__(self, shape: Shape, order: tuple[str, ...]) -> None:
        self.shape = shape
        self.order = order
        self.engine: Engine | None = None  # built when first tried, anew when words were learned


class RecordJudge:
    """Judges lines of one batch and counts what departs in the tally it is given."""

    def __init__(self, job: JobPlan, bounds: Bounds, tally: Tally) -> None:
        self.records = 0
        self._notes: list[str] = []
        self._long_lines = 0  # that could not be looked into wholly
        self._job = job
        self._expectation = job.expectation
        self._tally = tally
        self._rules = job.rules(bounds)
        self._explainer = Explainer(job.expectation, self._rules, job.look_alike)
        self._variants: list[_Variant] = []  # the last successful first
        self._seen: dict[int, int] = {}
        self._cut: set[str] = set()  # fields with undocumented words too long to be told apart
        self._learned: dict[str, list[str | int]] = {}
        self._flat: dict[str, Flat] = {}
        self._watched: dict[tuple[str, str | int], Departure] = {}
        self._last: tuple[bytes | None, Judgement] = (None, Judgement())

    @property
    def event_span(self) -> tuple[int, int] | None:
        """The earliest and latest plausible event time, in nanoseconds since 1970."""
        event = self._job.event_time_field
        return None if event is None else self._rules[event].span

    @property
    def notes(self) -> list[str]:
        """What could not be checked."""
        more = self._long_lines - len(self._notes)
        return [
            *self._notes,
            *([f"{more:,} more lines as long, looked into as little"] * bool(more)),
        ]

    def lines(self, part: Lines, *, first: int) -> None:
        """Judge whole lines; `first` is the number of the first."""
        lines: Sequence[bytes] = part.lines
        numbers: Sequence[int] = range(first, first + len(lines))
        block, end = part.block, part.end
        if end < _RECORD_BYTES_MIN * len(lines) and b"\n" in lines:
            numbers, lines = self._without_blank(numbers, lines)
            block = b"".join(lines)
            end = len(block)
        if not self._variants:
            self._begin(lines[:_FIRST_LINES])
        if self._expectation.cve_2021_44228 and block.find(_REWRITTEN, 0, end) >= 0:
            for number, line in zip(numbers, lines, strict=True):
                self._rewritten(line, number)
        for variant in tuple(self._variants):
            rejected = self._try(variant, lines, block, end)
            if not rejected:
                return
            if len(rejected) < len(lines):
                numbers = [numbers[index] for index in rejected]
                lines = [lines[index] for index in rejected]
                block = b"".join(lines)
                end = len(block)
        for number, line in zip(numbers, lines, strict=True):
            self._explain(line, number)

    def long_line(self, line: bytes, number: int) -> None:
        """Judge one long line by itself, long values undecoded."""
        self._rewritten(line, number)
        read = read_long_line(line)
        if read.note:
            self._long_lines += 1
            if self._long_lines <= EXAMPLES_MAX:
                self._notes.append(f"line {number:,}: {read.note}")
        self._count(read.judgement(self._explainer), number)

    # --- engines ---

    def _begin(self, lines: Sequence[bytes]) -> None:
        shape = promised_shape(self._expectation)
        if shape is None:
            return
        for line in lines:
            record = self._explainer.read(line).record
            if record is not None:
                self._variants.append(_Variant(shape, tuple(record)))
                break
        if self._variants and self._job.object_fields:  # another kind later costs a whole block
            for record in first_records(lines):
                self._flatten(record)

    def _engine(self, variant: _Variant) -> Engine:
        if variant.engine is None:
            full = [
                name
                for name in self._learned
                if self._tally.is_full(field := name.removesuffix("[]")) and field not in self._cut
            ]
            variant.engine = self._job.engine(
                variant.shape,
                order=variant.order,
                learned=self._learned,
                flat=self._flat,
                unchecked=full,
            )
        return variant.engine

    def _try(self, variant: _Variant, lines: Sequence[bytes], block: bytes, end: int) -> list[int]:
        """Let an engine take the lines that it accepts; return the indices of the others."""
        engine = self._engine(variant)
        records, rejected = engine.decode(lines)
        if not records:
            return rejected
        kept: Sequence[int] = range(len(lines))
        if rejected:
            out = set(rejected)
            kept = [index for index in kept if index not in out]
            block = b"".join([lines[index] for index in kept])
            end = len(block)
        if not engine.settles(records, block, end, self._rules):
            settled = [
                engine.settles([record], lines[index], len(lines[index]), self._rules)
                for record, index in zip(records, kept, strict=True)
            ]
            rejected += [index for index, good in zip(kept, settled, strict=True) if not good]
            rejected.sort()
            records = [record for record, good in zip(records, settled, strict=True) if good]
        if records:
            self._accept(variant, engine, records)
        return rejected

    def _accept(self, variant: _Variant, engine: Engine, records: Sequence[Any]) -> None:
        self.records += len(records)
        for departure in variant.shape.departures:
            self._tally.count(departure, len(records))
        for (name, word), departure in self._watched.items():
            times = engine.count(records, name, word)
            if times:
                self._tally.count(departure, times)
        if self._variants[0] is not variant:
            self._variants.remove(variant)
            self._variants.insert(0, variant)

    # --- line by line ---

    def _explain(self, line: bytes, number: int) -> None:
        if line != self._last[0]:
            judgement = self._explainer.read(line)
            self._last = (line, judgement)
            if judgement.record is not None:
                self._learn(judgement.record, judgement.departures)
                self._flatten(judgement.record)
        judgement = self._last[1]
        self._count(judgement, number)
        if judgement.record is not None and judgement.shapely:
            self._notice(judgement.record, judgement.departures)

    def _count(self, judgement: Judgement, number: int) -> None:
        self.records += judgement.record is not None
        for departure in judgement.departures:
            self._tally.add(departure, number)

    def _without_blank(
        self, numbers: Sequence[int], lines: Sequence[bytes]
    ) -> tuple[list[int], list[bytes]]:
        """Count the empty lines at once: a bomb of newlines would take hours one by one."""
        blank = [number for number, line in zip(numbers, lines, strict=True) if line == b"\n"]
        for departure in BLANK_LINE.departures:
            self._tally.count(departure, len(blank) - len(blank[:EXAMPLES_MAX]))
            for number in blank[:EXAMPLES_MAX]:
                self._tally.add(departure, number)
        kept = [
            (number, line) for number, line in zip(numbers, lines, strict=True) if line != b"\n"
        ]
        return [number for number, _ in kept], [line for _, line in kept]

    def _rewritten(self, line: bytes, number: int) -> None:
        at = line.find(_REWRITTEN) if self._expectation.cve_2021_44228 else -1
        if at >= 0:
            shown = line[at : at + GOT_CHARS_MAX].decode(errors="replace")
            self._tally.add(Departure(Code.RECORD_UNREWRITTEN, "", "x{", "${", shown), number)

    def _learn(self, record: Mapping[str, Any], departures: Sequence[Departure]) -> None:
        """Let engines accept undocumented words from now on, and count them."""
        for departure in departures:
            if departure.code is not Code.FIELD_VALUE or self._tally.is_full(departure.field):
                continue
            if departure.got.endswith(
                CUT
            ):  # several words may look like this one: each is explained
                self._cut.add(departure.field)
                continue
            value = record[departure.field]
            array = isinstance(value, list)
            for word in value if array else [value]:
                known = (departure.field, word)
                if show(word) == departure.got and known not in self._watched:
                    self._watched[known] = departure
                    name = departure.field + "[]" if array else departure.field
                    self._learned.setdefault(name, []).append(word)
                    for variant in self._variants:
                        variant.engine = None

    def _flatten(self, record: Mapping[str, Any]) -> None:
        """Let engines expect objects as flat as those seen so far."""
        for name in self._job.object_fields:
            value = record.get(name)
            if not value or not isinstance(value, dict):
                continue
            found, before = flatness(value), self._flat.get(name)
            if before not in {found, Flat.NO}:
                self._flat[name] = found if before is None else Flat.NO
                for variant in self._variants:
                    variant.engine = None

    def _notice(self, record: dict[str, Any], departures: Sequence[Departure]) -> None:
        """Count the shape of a line, and give it an engine once it has come often enough."""
        if len(self._variants) >= VARIANTS_MAX:
            return
        shape = shape_of(record, departures, expectation=self._expectation, rules=self._rules)
        if shape is None or any(variant.shape == shape for variant in self._variants):
            return
        if len(self._seen) >= _SHAPES_COUNTED_MAX:
            self._seen.clear()
        digest = hash(shape)  # a shape itself may be large
        seen = self._seen[digest] = self._seen.get(digest, 0) + 1
        fields_known = self._expectation.fields is not None
        if seen >= (VARIANT_LINES_MIN if fields_known or shape.departures else 1):
            del self._seen[digest]
            self._variants.insert(0, _Variant(shape, tuple(record)))
