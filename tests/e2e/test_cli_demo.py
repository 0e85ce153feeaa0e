"""`demo`: everything planted is found, nothing else, and what it suggests can be copied."""

import re
import shlex
from pathlib import Path

import pytest

from tests.e2e.command import receiver


@pytest.mark.parametrize("seed", [1, 2])
def test_every_planted_fault_is_found_and_nothing_else(seed: int, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    ended = receiver("demo", "--seed", str(seed), "--keep", folder)
    assert "All 15 planted faults were found, and nothing else." in ended.out
    assert "MISSED" not in ended.out
    assert (ended.code, ended.err) == (0, "")
    command = re.search(r"^  \S*logpush-receiver (verify(?:.*\\\n)?.*)$", ended.out, re.MULTILINE)
    assert command is not None
    again = receiver(*shlex.split(command.group(1).replace("\\\n", "")))
    assert again.code == 1
    assert " ".join(again.out.split()).count("as promised") == 2


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    ended = receiver("demo", "--keep", tmp_path)
    assert ended.code == 2
    assert "not empty" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_without_a_folder_it_says_where_the_day_is(tmp_path: Path) -> None:
    ended = receiver("demo", environment={"TMPDIR": str(tmp_path)})
    assert ended.code == 0
    (folder,) = tmp_path.iterdir()
    assert f"rm -r {folder}" in ended.out
