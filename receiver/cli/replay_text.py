"""What a replay tells: what changes as it comes, in text or JSON, and at the end the sums."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from receiver.cli.ledger_words import as_json
from receiver.cli.output import echo, echo_lines
from receiver.cli.ticker import Ticker
from receiver.report.ink import Ink, Style
from receiver.report.phrase import counted, visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

if TYPE_CHECKING:
    from receiver.daemon.replaying_wait import Outcome, Replayed

_NAMED_MAX: Final = 100  # in text; the JSON names all
_WORDS: Final = {
    "same": "judged as before",
    "findings": "with the same verdict and other findings",
    "verdict": "with another verdict",
    "first": "judged for the first time",
    "gone": "not there any more, with the verdict that they had",
    "unread": "could not be read",
    "unwatched": "in places to which no job that is known writes",
}
_LOST: Final = frozenset({"gone", "unread", "unwatched"})


class Telling:
    """Tells of what changes as it comes; of the rest it keeps counts only."""

    def __init__(self, *, is_json: bool, ink: Ink) -> None:
        self.ticker = Ticker()
        self._is_json = is_json
        self._ink = ink
        self._total = 0
        self._counts: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()  # of now
        self._changes: Counter[tuple[str, str]] = Counter()
        self._named = 0

    def expect(self, total: int) -> None:
        """Learn how many there are."""
        self._total = total

    def take(self, replayed: "Replayed") -> None:
        """Take one that was judged, or could not be."""
        self._counts[replayed.fate] += 1
        if replayed.now is not None:
            self._verdicts[replayed.now.verdict] += 1
        if replayed.fate == "verdict" and replayed.before and replayed.now:
            self._changes[replayed.before.verdict, replayed.now.verdict] += 1
        done = self._counts.total()
        self.ticker.say(f"{done:,}/{self._total:,} batches  {self._counts['verdict']:,} changed")
        if replayed.fate == "same":
            return
        self._named += 1
        if self._is_json:
            opening = '{"batches": [\n' if self._named == 1 else ",\n"
            echo((opening, as_json(replayed)))
        elif self._named <= _NAMED_MAX:
            echo_lines(_batch_lines(replayed, self._ink))

    def end(self, *, interrupted: bool) -> Exit:
        """Tell the sums; return how the command ends."""
        code = self._code(interrupted=interrupted)
        if self._is_json:
            told = {
                "totals": {fate: self._counts[fate] for fate in _WORDS},
                "verdicts": {verdict: self._verdicts[verdict] for verdict in ("pass", "fail")},
                "changes": [
                    {"from": before, "to": now, "batches": count}
                    for (before, now), count in sorted(self._changes.items())
                ],
                "interrupted": interrupted,
            }
            opening = "\n],\n" if self._named else '{"batches": [],\n'
            echo((opening, as_json(told)[1:], "\n"))
        else:
            echo_lines(self._sum_lines(code))
        return code

    def _code(self, *, interrupted: bool) -> Exit:
        if interrupted:
            return Exit.INTERRUPTED
        if self._verdicts["fail"]:
            return Exit.FAIL
        if any(self._counts[fate] for fate in _LOST):
            return Exit.UNREAD
        return Exit.PASS if self._verdicts["pass"] else Exit.INCONCLUSIVE

    def _sum_lines(self, code: Exit) -> Iterator[str]:
        if self._named > _NAMED_MAX:
            yield f"and {self._named - _NAMED_MAX:,} more (--format json names them all)"
        if self._named:
            yield ""
        word, style = {
            Exit.PASS: ("PASS", Style.GOOD),
            Exit.FAIL: ("FAIL", Style.BAD),
        }.get(code, ("INCONCLUSIVE", Style.DOUBTFUL))
        judged = counted(self._verdicts.total(), "batch", "batches")
        failed = f", {self._verdicts['fail']:,} of them fail" if self._verdicts["fail"] else ""
        told = [f"{judged} judged again{failed}"] if self._counts else ["nothing was found"]
        for fate, words in _WORDS.items():
            if self._counts[fate]:
                told.append(f"{self._counts[fate]:,} {words}{self._pairs(fate)}")
        first, *others = wrap(f"{word}  {'; '.join(told)}", columns=COLUMNS, hang="  ")
        yield self._ink(word, style) + first[len(word) :]
        yield from others

    def _pairs(self, fate: str) -> str:
        if fate != "verdict":
            return ""
        pairs = [f"{n:,} from {a} to {b}" for (a, b), n in sorted(self._changes.items())]
        return f" ({', '.join(pairs)})"


def _batch_lines(replayed: "Replayed", ink: Ink) -> Iterator[str]:
    before, now = replayed.before, replayed.now
    if now is None:
        word, style = replayed.fate.value, Style.DOUBTFUL
    elif before is None or before.verdict is now.verdict:
        word, style = now.verdict.value, Style.DOUBTFUL
    else:
        word = f"{before.verdict} -> {now.verdict}"
        style = Style.GOOD if now.verdict == "pass" else Style.BAD
    first, *others = wrap(f"{word}  {visible(replayed.key)}", columns=COLUMNS, hang="    ")
    yield ink(word, style) + first[len(word) :]
    yield from others
    changed = f"{_told(before)}; now {_told(now)}" if now else ""
    said = "; ".join(filter(None, (changed, replayed.detail)))
    if said:
        yield from wrap(visible(said), columns=COLUMNS, indent="    ")


def _told(outcome: "Outcome | None") -> str:
    if outcome is None:
        return "it was not judged"
    job = "no job" if outcome.job is None else f"job {outcome.job}"
    errors, warnings = counted(outcome.errors, "error"), counted(outcome.warnings, "warning")
    return f"{job}, {counted(outcome.records, 'record')}, {errors}, {warnings}"
