"""`explain`: what a finding means and what to do, from the one place where that is written."""

import difflib
from collections.abc import Iterator

import click
import msgspec

from receiver.check.codes import MEANINGS, SOFT, Code
from receiver.cli.output import echo_lines, format_option
from receiver.report.phrase import wrap
from receiver.report.text import COLUMNS

_CODE_COLUMN = 25


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What `--format json` prints of a code."""

    code: str
    severity: str
    meaning: str
    remedy: str


@click.command(
    short_help="Say what a finding means and what to do.",
    epilog="""\b
Examples:
  logpush-receiver explain
  logpush-receiver explain gzip-truncated
  logpush-receiver explain --format json""",
)
@click.argument("code", required=False)
@format_option
def explain(code: str | None, text_format: str) -> None:
    """Say what the finding CODE means and what to do; without CODE, list all."""
    codes = list(Code) if code is None else [_known(code)]
    if text_format == "json":
        explained = [_explanation(each) for each in codes]
        shown = explained if code is None else explained[0]
        echo_lines([msgspec.json.format(msgspec.json.encode(shown)).decode()])
    else:
        echo_lines(_listed(codes) if code is None else _explained(codes[0]))


def _known(name: str) -> Code:
    try:
        return Code(name.strip().lower())
    except ValueError:
        near = difflib.get_close_matches(name.lower(), [*Code], n=1)
        meant = f"did you mean {near[0]}?" if near else "`explain` without a code lists all"
        raise click.UsageError(f"no finding is called {name[:COLUMNS]!r}; {meant}") from None


def _explanation(code: Code) -> Explanation:
    meaning = MEANINGS[code]
    return Explanation(
        code=code,
        severity=meaning.severity,
        meaning=_filled(meaning.meaning),
        remedy=_filled(meaning.remedy),
    )


def _explained(code: Code) -> Iterator[str]:
    meaning = _explanation(code)
    softened = "; a warning where the job has default fields" if code in SOFT else ""
    yield f"{meaning.code}  ({meaning.severity}{softened})"
    yield from wrap(meaning.meaning, columns=COLUMNS, indent="  ")
    yield from wrap(meaning.remedy, columns=COLUMNS, indent="  ")


def _listed(codes: list[Code]) -> Iterator[str]:
    for code in codes:
        meaning = _explanation(code)
        warning = "(warning) " if meaning.severity == "warning" else ""
        yield from wrap(
            warning + meaning.meaning,
            columns=COLUMNS,
            indent=code.ljust(_CODE_COLUMN),
            hang=" " * _CODE_COLUMN,
        )


def _filled(sentence: str) -> str:
    text = sentence.format(field="the field")
    return text[0].upper() + text[1:]
