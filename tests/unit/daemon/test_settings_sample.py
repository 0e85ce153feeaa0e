"""`config/receiver.toml` has every key, says what it is, and shows the default."""

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from receiver.daemon.settings import TABLES, read_settings
from receiver.daemon.settings_jobs import JobsSettings
from receiver.daemon.settings_table import readers_of

SAMPLE = Path(__file__).parents[3] / "config" / "receiver.toml"
LINES = SAMPLE.read_text().splitlines()
SETTING = re.compile(r"#?(\w+) = ")
UNCOMMENTED = "\n".join(re.sub(r"^#(?=\w+ = |\[)", "", line) for line in LINES)
WHOLE: dict[str, Any] = tomllib.loads(UNCOMMENTED)
KINDS: dict[str, type[msgspec.Struct]] = {**TABLES, "jobs": JobsSettings}


def test_it_is_sound_as_it_stands_and_all_default() -> None:
    found = read_settings(SAMPLE)
    for name, kind in TABLES.items():
        required = {"url": found.ledger.url} if name == "ledger" else {}
        assert getattr(found, name) == kind(**required)
    assert [job.id for job in found.jobs[0].fixed] == [146]


def test_it_is_sound_with_every_line_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS_PASSWORD", "a password")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "a-token")
    (tmp_path / "status.token").write_text("a token")
    (tmp_path / "job.json").write_text((SAMPLE.parent / "job.json").read_text())
    (tmp_path / "receiver.toml").write_text(UNCOMMENTED)
    found = read_settings(tmp_path / "receiver.toml")
    assert len(found.jobs) == 4
    assert found.warnings == ()


@pytest.mark.parametrize("table", KINDS)
def test_no_key_is_missing_and_none_is_unknown(table: str) -> None:
    content = WHOLE[table]
    written = {key for each in content for key in each} if table == "jobs" else set(content)
    assert written == set(readers_of(KINDS[table]))


def test_every_key_is_commented() -> None:
    for before, line in itertools.pairwise(LINES):
        if SETTING.match(line) and not SETTING.match(before) and "[[jobs]]" not in before:
            assert before.startswith("# "), line


@pytest.mark.parametrize("table", KINDS)
def test_what_is_shown_is_the_default_or_called_an_example(table: str) -> None:
    kind, readers = KINDS[table], readers_of(KINDS[table])
    defaults = {each.name: each.default for each in msgspec.structs.fields(kind)}
    content = WHOLE[table]
    shown = (
        {key: value for each in content for key, value in each.items()}
        if (table == "jobs")
        else content
    )
    for key, value in shown.items():
        if defaults[key] in (None, (), msgspec.NODEFAULT):
            number = next(n for n, line in enumerate(LINES) if re.match(rf"#?{key} = ", line))
            above = " ".join(LINES[max(0, number - 4) : number])
            assert "example" in above or not LINES[number].startswith("#"), key
        else:
            assert readers[key](value, SAMPLE.parent) == defaults[key], key
