"""`token --terraform`: an `external` data source, as `config/terraform/main.tf` asks it."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.asking import PLAIN, ROOT, Asker, put
from tests.e2e.command import Ended

NAME = "ownership-challenge-1a2b.txt"


class Terraform:
    """Asks as Terraform does: a JSON object of strings on standard input."""

    def __init__(self, ask: Asker) -> None:
        self.ask = ask
        self.logs = ask.home / "logs"
        self.query = {"destination_conf": f"file://{self.logs}"}

    def __call__(self, *arguments: str, environment: dict[str, str] | None = None) -> Ended:
        plain = json.dumps(self.query)
        ended = self.ask("token", "--terraform", *arguments, stdin=plain, environment=environment)
        if ended.code == 0:
            assert all(isinstance(value, str) for value in ended.json.values())
            assert ended.json.keys() == {"token", "filename", "required", "expires_at"}
        else:
            assert ended.out == ""
            assert ended.err.startswith("logpush-receiver: ")
        return ended

    @property
    def kept(self) -> list[Path]:
        return [path for path in self.ask.cache.rglob("*") if path.is_file()]


@pytest.fixture
def terraform(tmp_path: Path) -> Terraform:
    return Terraform(Asker(tmp_path))


def later(days: float) -> dict[str, int]:
    return {"exp": int((datetime.now(UTC) + timedelta(days=days)).timestamp())}


def test_the_answer_is_one_object_of_strings(terraform: Terraform) -> None:
    times = later(6)
    token = terraform.ask.token_of(times)
    put(terraform.logs, NAME, token)
    end = datetime.fromtimestamp(times["exp"], UTC)
    assert terraform().json == {
        "token": token,
        "filename": NAME,
        "required": "true",
        "expires_at": f"{end:%Y-%m-%dT%H:%M:%SZ}",
    }


def test_where_none_is_needed_the_answer_is_as_flat(terraform: Terraform) -> None:
    terraform.ask.secrets += ["planted"]
    terraform.query = {"destination_conf": "https://logs.example.com/in?header_Key=planted"}
    assert terraform().json == {"token": "", "filename": "", "required": "false", "expires_at": ""}
    assert terraform.kept == []


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ("", "standard input is no question"),
        ("[]", "standard input is no question"),
        ('{"filename": "a"}', "destination_conf"),
        ('{"destination_conf": "file:///logs", "file_name": "a"}', "file_name"),
        ('{"destination_conf": "file:///logs", "wait": "long"}', "write 90s, 2m or 1h"),
        ('{"destination_conf": "ftp://planted"}', ""),
    ],
)
def test_what_is_no_question_is_a_mistake(terraform: Terraform, plain: str, words: str) -> None:
    ended = terraform.ask("token", "--terraform", stdin=plain)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_what_is_missing_fails_the_plan_and_is_not_kept(terraform: Terraform) -> None:
    assert terraform().code == 4
    put(terraform.logs, NAME)
    assert terraform().json["token"] == PLAIN


def test_a_name_that_is_given_and_missing_fails_the_plan(terraform: Terraform) -> None:
    put(terraform.logs, "ownership-challenge-other.txt")
    terraform.query["filename"] = NAME
    assert terraform().code == 4


def test_it_waits_as_the_query_says(terraform: Terraform) -> None:
    terraform.query["wait"] = "2s"
    ended = terraform()
    assert ended.code == 4
    assert "(waited 2 s)" in ended.err


def test_the_same_question_has_the_same_answer_while_the_token_is_valid(
    terraform: Terraform,
) -> None:
    path = put(terraform.logs, NAME, terraform.ask.token_of(later(6)))
    first = terraform()
    path.write_text(terraform.ask.token_of({**later(6), "newer": 1}))
    assert terraform().out == first.out
    path.unlink()
    assert terraform().out == first.out


def test_another_question_has_its_own_answer(terraform: Terraform) -> None:
    put(terraform.logs, NAME, terraform.ask.token_of(later(6)))
    first = terraform().json["token"]
    put(terraform.logs, "ownership-challenge-2.txt")
    terraform.query["filename"] = "ownership-challenge-2.txt"
    assert terraform().json["token"] == PLAIN
    del terraform.query["filename"]
    assert terraform().json["token"] == first


def test_after_its_end_a_token_gives_way_to_a_newer_one(terraform: Terraform) -> None:
    path = put(terraform.logs, NAME, terraform.ask.token_of(later(-1)))
    terraform.query["wait"] = "30s"
    first = terraform()
    assert first.code == 0  # a plan that changes nothing shall not fail, nor wait
    path.unlink()
    assert terraform().out == first.out
    put(terraform.logs, NAME)
    assert terraform().json["token"] == PLAIN


def test_what_is_kept_is_for_this_user_and_holds_no_conf(terraform: Terraform) -> None:
    put(terraform.logs, "http/planted-path/" + NAME)
    terraform.query["destination_conf"] += "/http/planted-path"
    assert terraform().code == 0
    (kept,) = terraform.kept
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert "planted-path" not in f"{kept.relative_to(terraform.ask.cache)}{kept.read_text()}"


def test_an_answer_that_others_could_have_written_is_not_taken(terraform: Terraform) -> None:
    put(terraform.logs, NAME)
    assert terraform().code == 0
    (kept,) = terraform.kept
    kept.write_text(kept.read_text().replace(PLAIN, "planted"))
    kept.chmod(0o666)
    assert terraform().json["token"] == PLAIN


def test_a_cache_that_cannot_be_written_costs_a_warning(terraform: Terraform) -> None:
    put(terraform.logs, NAME)
    terraform.ask.cache.write_text("a file where a folder is needed")
    ended = terraform()
    assert (ended.code, ended.json["token"]) == (0, PLAIN)
    assert "cannot be kept for the next time" in ended.err
    nowhere = {"XDG_CACHE_HOME": "/proc/no-such-folder"}
    assert terraform(environment=nowhere).json["token"] == PLAIN


def test_the_worked_example_asks_what_the_command_takes(terraform: Terraform) -> None:
    text = (ROOT / "config/terraform/main.tf").read_text()
    block = text.partition('data "external" "token" {')[2].partition("\n}")[0]
    program = json.loads(re.findall(r"program\s*=\s*(\[.*\])", block)[0])
    names = re.findall(r"^ {4}(\w+)\s*=", block, re.MULTILINE)
    (wait,) = re.findall(r'wait\s*=\s*"(\w+)"', block)
    assert program[0] == "logpush-receiver"
    assert set(names) == {"destination_conf", "filename", "zone_id", "wait"}
    put(terraform.logs, NAME)
    values = {"destination_conf": f"file://{terraform.logs}", "filename": NAME, "wait": wait}
    values["zone_id"] = "0123456789abcdef" * 2
    query = {name: values[name] for name in names}
    answer = terraform.ask(*program[1:], stdin=json.dumps(query)).json
    used = set(re.findall(r"data\.external\.token\.result\.(\w+)", text))
    assert used <= answer.keys()
    assert answer["token"] == PLAIN
