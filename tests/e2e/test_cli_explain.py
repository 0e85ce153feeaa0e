"""`explain`: every code, from the one place where it is written."""

import json

from receiver.check.codes import MEANINGS, Code
from tests.e2e.command import receiver


def test_a_code_is_explained_with_its_remedy() -> None:
    ended = receiver("explain", "gzip-truncated")
    assert ended.code == 0
    shown = " ".join(ended.out.split())
    assert MEANINGS[Code.GZIP_TRUNCATED].meaning in shown
    assert MEANINGS[Code.GZIP_TRUNCATED].remedy in shown
    assert "error" in shown


def test_without_a_code_all_are_listed_in_80_columns() -> None:
    lines = receiver("explain").out.splitlines()
    assert {line.split()[0] for line in lines if not line.startswith(" ")} == set(Code)
    assert max(map(len, lines)) <= 80


def test_json_tells_the_same() -> None:
    told = json.loads(receiver("explain", "--format", "json").out)
    assert [each["code"] for each in told] == [*Code]
    assert "{" not in " ".join(each["meaning"] for each in told).replace("{DATE}", "").replace(
        "${", ""
    ).replace("x{", "")


def test_an_unknown_code_gets_a_suggestion() -> None:
    ended = receiver("explain", "field-mising")
    assert ended.code == 2
    assert "did you mean field-missing?" in ended.err
