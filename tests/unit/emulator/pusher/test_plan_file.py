"""A plan of faults is read strictly: what it would not do is said, with the remedy."""

import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from receiver.emulator.pusher.kinds import KINDS
from receiver.emulator.pusher.plan_file import parse_plan, read_plan
from receiver.emulator.pusher.rule import FaultRule, Plan
from receiver.errors import ConfigError

WHOLE = """
seed = 7
[[fault]]
kind = "field-missing"
job = 146
from = "2026-11-22T10:00:00Z"
to = 2026-11-22T12:00:00+01:00
every = 20
probability = 0.5
share = 0.25
field = "BotScore"
[[fault]]
kind = "late"
job = "acme"
seconds = 60
"""


def test_a_whole_plan_is_read() -> None:
    assert parse_plan(WHOLE, source="plan") == Plan(
        seed=7,
        faults=(
            FaultRule(
                kind="field-missing", job=146, start=datetime(2026, 11, 22, 10, tzinfo=UTC),
                end=datetime(2026, 11, 22, 11, tzinfo=UTC), every=20, probability=0.5, share=0.25,
                field="BotScore",
            ),
            FaultRule(kind="late", job="acme", seconds=60),
        ),
        text=WHOLE,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_planned_with_all_that_it_takes(kind: str) -> None:
    values = {"share": "0.5", "field": '"BotScore"', "seconds": "60"}
    settings = [f"{name} = {values[name]}" for name in KINDS[kind].takes]
    (rule,) = parse_plan("\n".join(["[[fault]]", f'kind = "{kind}"', *settings]), source="p").faults
    assert rule.kind == kind


def test_an_empty_plan_plants_nothing() -> None:
    assert parse_plan("", source="plan").faults == ()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("sead = 1", 'a plan has no setting "sead": did you mean seed'),
        ("seed = true", "`seed` is not a whole number"),
        ("seed = -1", "`seed` is not a whole number"),
        ("fault = 3", "begin each with [[fault]]"),
        ('[fault]\nkind = "gap"', "begin each with [[fault]]"),
        ("fault = [1]", "begin each with [[fault]]"),
        ("[[fault]]", "fault 1: it has no `kind`"),
        ('[[fault]]\nkind = "gaps"', 'fault 1: unknown kind "gaps": did you mean gap'),
        ("[[fault]]\nkind = 3", 'unknown kind "3"; it is one of gap, late'),
        ('kind = "gap"', 'a plan has no setting "kind"'),
        ("seed = ", "not TOML"),
        ("a = " + "[" * 100_000, "not TOML"),
        ("a = " + "9" * 5_000, "not TOML"),
        ("a = 1\na = 2", "not TOML"),
        ("\x00", "not TOML"),
        ("#" * (1 << 20) + "#", "1,048,576 bytes at most"),
        ('[[fault]]\nkind = "gap"\n' * 1001, "1,000 faults at most"),
    ],
)
def test_a_plan_that_is_none_is_refused_with_the_remedy(lines: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"^faults\.toml: ") as error:
        parse_plan(lines, source="faults.toml")
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("kind", "setting", "told"),
    [
        ("gap", "jobs = 1", 'a fault has no setting "jobs": did you mean job'),
        ("gap", "share = 0.5", "`share` means nothing to gap; leave it out"),
        ("gap", 'field = "RayID"', "`field` means nothing to gap"),
        ("gap", "seconds = 5", "`seconds` means nothing to gap"),
        ("silence", "every = 2", "`every` means nothing to silence; write `from` and `to`"),
        ("permission-lost", "probability = 0.5", "`probability` means nothing to permission-lost"),
        ("gap", "job = true", "`job` is not a job"),
        ("gap", "job = 0", "`job` is not a job"),
        ("gap", 'job = ""', "`job` is not a job"),
        ("gap", "job = [146]", "`job` is not a job"),
        ("gap", 'from = "yesterday"', '`from` is "yesterday", which is no time; write 2026-'),
        ("gap", 'from = "2026-11-22T10:00:00"', "`from` has no time zone"),
        ("gap", "from = 2026-11-22T10:00:00", "`from` has no time zone"),
        ("gap", "from = 2026-11-22", "`from` is a day; write a moment"),
        ("gap", "from = 10:00:00", "`from` is no time"),
        ("gap", "from = 5", "`from` is no time"),
        ("gap", 'from = "0001-01-01T00:00:00+10:00"', "`from` is out of all time"),
        ("gap", "from = 2026-01-02T00:00:00Z\nto = 2026-01-01T00:00:00Z", "exchange them"),
        ("gap", "every = 0", "`every` is not a whole number from 1"),
        ("gap", "every = 1.5", "`every` is not a whole number"),
        ("gap", "every = true", "`every` is not a whole number"),
        ("gap", "probability = 0", "`probability` is not a share"),
        ("gap", "probability = nan", "`probability` is not a share"),
        ("gap", "probability = 5", "`probability` is not a share"),
        ("partial-loss", "share = true", "`share` is not a share"),
        ("partial-loss", "share = -inf", "`share` is not a share"),
        ("partial-loss", 'share = "20%"', "`share` is not a share"),
        ("late", "seconds = 0", "`seconds` is not a whole number from 1"),
        ("late", "seconds = 999999999999", "`seconds` is not a whole number"),
        ("clock-skew", "seconds = 86400", "to 80000"),
        ("field-missing", 'field = ""', "`field` is not the name of a field"),
        ("field-missing", "field = 1", "`field` is not the name of a field"),
        ("field-extra", 'field = "a\\"b"', "`field` is not the name of a field"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_the_remedy(
    kind: str, setting: str, told: str
) -> None:
    with pytest.raises(ConfigError) as error:
        parse_plan(f'[[fault]]\nkind = "{kind}"\n{setting}', source="plan")
    assert "plan: fault 1: " in str(error.value)
    assert told in str(error.value)


@given(some.text())
def test_any_text_is_a_plan_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        parse_plan(text, source="plan")


@given(some.integers())
def test_a_mutated_plan_is_a_plan_or_a_config_error(seed: int) -> None:
    chance, text = random.Random(seed), list(WHOLE)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(text))
        text[place : place + chance.randrange(3)] = chance.choice('=[]"\n1-.ez\x00é')
    with suppress(ConfigError):
        parse_plan("".join(text), source="plan")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        read_plan(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        read_plan(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# Z\xfcrich")
    with pytest.raises(ConfigError, match=r"latin\.toml: it is not UTF-8"):
        read_plan(latin)
    latin.write_bytes(b"#" * (1 << 21))
    with pytest.raises(ConfigError, match="bytes at most"):
        read_plan(latin)
