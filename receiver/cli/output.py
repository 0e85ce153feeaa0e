"""Where results go: standard output in one format, files by their suffix."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import click

from receiver.cli.streams import silence
from receiver.errors import ConfigError, ResultLost
from receiver.report.json import write_json
from receiver.report.sweep_report import SweepReport
from receiver.report.text import write_text

_SUFFIXES: Final = {".json": "json", ".txt": "text"}

format_option = click.option(
    "--format",
    "text_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed.",
)
color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour; auto: on a terminal, unless NO_COLOR is set.",
)


class Outputs:
    """The files of `-o`, opened before any work: one that cannot be written shall cost none.

    What stood in a file stays until there is something to replace it; a file that we made and
    had nothing to write into is removed.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._files: list[tuple[Path, str, bool]] = []  # path, format, whether we made it
        self._written = False
        for path in map(Path, paths):
            made = not path.exists()
            text_format = _format_of(path)
            try:
                path.open("ab").close()
            except OSError as error:
                raise ConfigError(
                    f"-o {path}: cannot be written: {error.strerror};"
                    " name a file in a folder where you may write"
                ) from error
            self._files.append((path, text_format, made))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._written:
            for path, _, made in self._files:
                if made:
                    path.unlink(missing_ok=True)

    @property
    def formats(self) -> frozenset[str]:
        """The formats that the files need."""
        return frozenset(text_format for _, text_format, _ in self._files)

    def write(self, swept: SweepReport) -> None:
        """Write the SweepReport into every file.

        Raises:
            ResultLost: names the files that are not whole; the others are.
        """
        self._written = True
        lost = []
        for path, text_format, _ in self._files:
            try:
                with path.open("wb") as file:
                    for piece in _FORMATS[text_format](swept):
                        file.write(piece.encode(errors="backslashreplace"))
            except OSError as error:
                lost.append(f"{path}: {error.strerror}")
        if lost:
            told = "; ".join(lost)
            raise ResultLost(f"-o {told}: the report is not whole; write it where there is room")


def print_report(swept: SweepReport, *, text_format: str, colour: bool) -> None:
    """Print a SweepReport."""
    if text_format == "json":
        echo(write_json(swept))
    else:
        echo_lines(write_text(swept, colour=colour))


def echo_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    echo(f"{line}\n" for line in lines)


def echo(pieces: Iterable[str]) -> None:
    """Print pieces of text; a reader that has had enough (`| head`) is no error.

    Raises:
        ResultLost: standard output does not take them.
    """
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise ResultLost(
            f"standard output: {error.strerror}: what was printed is not whole;"
            " send it where there is room"
        ) from error


def wants_colour(color: str) -> bool:
    """Tell whether standard output takes colour (https://no-color.org)."""
    if color != "auto":
        return color == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def _text(swept: SweepReport) -> Iterator[str]:
    return (f"{line}\n" for line in write_text(swept))


_FORMATS: Final[dict[str, Callable[[SweepReport], Iterator[str]]]] = {
    "text": _text,
    "json": write_json,
}


def _format_of(path: Path) -> str:
    try:
        return _SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = " or ".join(_SUFFIXES)
        raise ConfigError(
            f"-o {path}: the suffix says the format; let the name end in {known}"
        ) from None
