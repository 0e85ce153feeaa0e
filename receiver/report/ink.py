"""Colour for a terminal: a few styles by what they mean, or none at all."""

from enum import StrEnum

from receiver.check.report import Severity, Verdict


class Style(StrEnum):
    """What a piece of text means; the value is its SGR code (ECMA-48)."""

    GOOD = "1;32"
    BAD = "1;31"
    DOUBTFUL = "1;33"
    FAINT = "2"


class Ink:
    """Puts a style around a text where there is colour; else leaves it alone."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, style: Style) -> str:
        return f"\x1b[{style.value}m{text}\x1b[0m" if self._colour and text else text


STYLE_OF_VERDICT = {
    Verdict.PASS: Style.GOOD,
    Verdict.FAIL: Style.BAD,
    Verdict.INCONCLUSIVE: Style.DOUBTFUL,
}
STYLE_OF_SEVERITY = {Severity.ERROR: Style.BAD, Severity.WARNING: Style.DOUBTFUL}
