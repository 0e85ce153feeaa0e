"""The score as a table of 80 columns, as the README has it."""

from collections.abc import Iterator

from receiver.report.phrase import counted
from tests.score.judging import Row, Score

DIFFERENCES_SHOWN = 10
HEAD = ("kind", "windows", "planted", "found", "missed", "false", "what shows it")


def table(score: Score) -> Iterator[str]:
    """Yield the lines."""
    yield _line(*HEAD)
    for row in score.rows:
        yield _line(*_cells(row)) + ("" if row.right else "  <--")
    yield ""
    yield from score.differences[:DIFFERENCES_SHOWN]
    more = len(score.differences) - DIFFERENCES_SHOWN
    if more > 0:
        yield f"and {more} more differences"
    planted = sum(row.planted or 0 for row in score.rows)
    found, false = sum(row.found for row in score.rows), sum(row.false for row in score.rows)
    batches = counted(score.batches, "batch", "batches")
    yield f"{found} of {planted} planted findings were found, and {false} others, in {batches}."


def _cells(row: Row) -> Iterator[str]:
    yield row.label
    yield str(row.windows)
    judged = row.planted is not None
    yield from ([str(row.planted), str(row.found), str(row.missed)] if judged else ["-", "-", "-"])
    yield str(row.false)
    yield row.judged


def _line(
    kind: str, windows: str, planted: str, found: str, missed: str, false: str, by: str
) -> str:
    return f"{kind:<17}{windows:>8}{planted:>8}{found:>6}{missed:>7}{false:>6}  {by}".rstrip()
