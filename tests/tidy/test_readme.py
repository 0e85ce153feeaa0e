"""The README's claims: its tables say what the code says, and its commands exist and work."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from receiver.check.codes import MEANINGS, Code
from receiver.cli.commands import commands as program
from receiver.report.sweep_report import Exit

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROGRAM = "logpush-receiver"


def table_row(code: Code) -> str:
    meaning = MEANINGS[code]
    words = meaning.meaning.format(field="the field")
    remedy = meaning.remedy.format(field="the field")
    cells = (f"`{code}`", meaning.severity, words[0].upper() + words[1:], remedy)
    return (
        "| " + " | ".join(cell.replace("<", "&lt;").replace(">", "&gt;") for cell in cells) + " |"
    )


def commands() -> Iterator[list[str]]:
    """Every command line of ours in an indented block, as words."""
    for line in re.findall(rf"^    (?!docker )(.*\b{PROGRAM} .*)$", README, re.MULTILINE):
        words = shlex.split(line.split("|")[0] if line.startswith(PROGRAM) else line.split("|")[-1])
        place = next(i for i, word in enumerate(words) if word.endswith(PROGRAM))
        yield words[place + 1 :]


def test_the_readme_lists_every_finding_as_the_code_explains_it() -> None:
    table = [line for line in README.splitlines() if re.match(r"\| `[a-z0-9-]+` \|", line)]
    assert table == [table_row(code) for code in MEANINGS]
    assert set(MEANINGS) == set(Code)


def test_the_readme_lists_every_exit_code() -> None:
    assert re.findall(r"^\| (\d+) \|", README, re.MULTILINE) == [str(int(code)) for code in Exit]


def test_every_command_of_the_readme_exists_with_its_options() -> None:
    seen = list(commands())
    assert len(seen) > 5
    for name, *words in seen:
        command = program.commands.get(name)
        assert command is not None, f"the README has a command {name}"
        if isinstance(command, click.Group):
            command = command.commands[words[0]]
        options = {each for parameter in command.params for each in parameter.opts}
        for word in words:
            if re.match(r"--?[a-z]", word):
                assert word.split("=")[0] in options, f"{name} has no option {word}"


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?:^    |`)make ([a-z]+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


class TestTheFiguresOfTheDemo:
    @pytest.fixture(scope="class")
    @staticmethod
    def demo(tmp_path_factory: pytest.TempPathFactory) -> "subprocess.CompletedProcess[str]":
        folder = tmp_path_factory.mktemp("demo")
        program = Path(sys.executable).with_name(PROGRAM)
        assert program.exists() or shutil.which(PROGRAM)
        return subprocess.run(
            [str(program), "demo", "--keep", str(folder / "day")],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )

    def test_the_demo_finds_every_planted_fault(
        self, demo: "subprocess.CompletedProcess[str]"
    ) -> None:
        assert demo.returncode == 0, demo.stdout + demo.stderr

    def test_it_prints_what_the_readme_shows_of_it(
        self, demo: "subprocess.CompletedProcess[str]"
    ) -> None:
        """Days, ids and counts change with the date and the seed's day; the words do not."""
        shown = re.search(
            r"In the middle of what it prints:\n\n(.*?)\nand at its end:\n\n(.*?)\n\n",
            README,
            re.DOTALL,
        )
        assert shown is not None
        printed = [_shape(line) for line in demo.stdout.splitlines()]
        for line in (shown[1] + shown[2]).splitlines():
            assert _shape(line.removeprefix("    ")) in printed, line


def _shape(line: str) -> str:
    line = re.sub(r"\d{1,2} [A-Z][a-z]{2}(?: \d{4})?", "DAY", line)
    line = re.sub(r"\d{8}T\d{6}Z|\d{8}|_[0-9a-f]{8}\.", "N", line)
    return re.sub(r"[\d,.]*\d", "N", " ".join(line.split()))
