"""`config check` as people and CI use it: what would be watched, and every mistake at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.asking import Asker
from tests.servers.launch import free_port
from tests.servers.logpush_api import TOKEN, ZONE, LogpushServer, logpush_server
from tests.unit.daemon.configuring import KEY, SMALLEST, fields, write

PASSWORD = "a-password-of-the-ledger-PLANTED"


@pytest.fixture
def server() -> Iterator[LogpushServer]:
    with logpush_server() as running:
        yield running


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    asker = Asker(tmp_path)
    asker.secrets += [TOKEN, KEY, PASSWORD]
    return asker


def text_of(ask: Asker, *, code: int = 0, **environment: str) -> str:
    ended = ask("config", "check", environment=environment)
    assert ended.code == code, ended
    assert all(len(line) <= 80 for line in ended.out.splitlines()), ended.out
    return ended.out


def json_of(ask: Asker, *, code: int = 0, **environment: str) -> Any:
    ended = ask("config", "check", "--format", "json", environment=environment)
    assert ended.code == code, ended
    return ended.json


def of_zone(url: str) -> str:
    lines = f'zone = "{ZONE}"\napi_url = "{url}"\ntoken = "env:TOKEN"'
    return SMALLEST.replace('file = "job.json"', lines)


def test_the_smallest_configuration_is_sound(ask: Asker, tmp_path: Path) -> None:
    write(tmp_path)
    out = text_of(ask)
    assert out.startswith("receiver.toml: 1 job at 1 place\n\ns3://acme-logs/http/{DATE}\n")
    assert "  job 146 http_requests, 2 fields, rfc3339\n" in out
    assert "ledger    sqlite:////" in out
    assert "status    http://127.0.0.1:8788/, for this machine\n" in out
    assert "warning" not in out


def test_paths_are_relative_to_the_file_and_not_to_where_one_stands(
    ask: Asker, tmp_path: Path
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    path = write(folder)
    ended = ask("config", "check", "--config", path, "--format", "json")
    assert ended.json["ledger"]["url"] == f"sqlite:///{folder}/receiver.db"


def test_jobs_that_are_not_watched_are_named_with_the_reason(ask: Asker, tmp_path: Path) -> None:
    jobs = [
        fields(),
        fields(id=147, enabled=False),
        fields(id=148, destination_conf=f"https://h.example.com/logs?header_Authorization={KEY}"),
    ]
    write(tmp_path, job=jobs)
    out = " ".join(text_of(ask).split())
    assert "job 147: it is disabled, so Logpush writes nothing" in out
    assert "job 148: https://h.example.com/logs: what Logpush sends to https://" in out
    said = json_of(ask)
    assert [job["id"] for place in said["places"] for job in place["jobs"]] == [146]
    assert [each["why"] for each in said["unwatched"]] == ["disabled", "unreadable"]


def test_a_job_that_makes_no_sense_is_a_mistake(ask: Asker, tmp_path: Path) -> None:
    write(tmp_path, job=[fields(), fields(id=147, destination_conf=f"s4://acme?sig={KEY}")])
    assert "job 147: destination_conf: " in text_of(ask, code=2)
    assert json_of(ask, code=2)["sound"] is False


def test_every_mistake_is_told_on_its_own_line(ask: Asker, tmp_path: Path) -> None:
    text = SMALLEST.replace("listen", "lisen").replace("job.json", "gone.json")
    write(tmp_path, f'{text}\n[watch]\nlateness = 24\n[ledger.x]\ny = "{PASSWORD}"\n')
    ended = ask("config", "check")
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 4
    assert "logpush-receiver: receiver.toml: [status]: unknown key 'lisen'; did you mean" in (
        ended.err
    )
    assert len(json_of(ask, code=2)["mistakes"]) == 4


def test_a_file_that_is_not_there_is_named(ask: Asker) -> None:
    ended = ask("config", "check", "--config", "nowhere.toml")
    assert ended.code == 2
    assert "nowhere.toml: No such file or directory; name a configuration" in ended.err


def test_jobs_of_a_zone_are_asked_for(ask: Asker, tmp_path: Path, server: LogpushServer) -> None:
    server.add(**fields(name="acme"))
    server.add(**fields(id=9, enabled=False))
    write(tmp_path, of_zone(server.url))
    out = text_of(ask, TOKEN=TOKEN)
    assert "1 job at 1 place" in out
    assert "  job 146 http_requests, 2 fields, rfc3339, acme\n" in out
    assert json_of(ask, TOKEN=TOKEN)["sources"][0]["jobs"] == 2


def test_an_api_that_does_not_answer_is_said_and_leaves_the_question_open(
    ask: Asker, tmp_path: Path
) -> None:
    write(tmp_path, of_zone(f"http://127.0.0.1:{free_port()}"))
    out = " ".join(text_of(ask, code=3, TOKEN=TOKEN).split())
    assert "no connection came about" in out
    assert "warning: nothing is watched" in out


def test_a_password_is_shown_nowhere(ask: Asker, tmp_path: Path) -> None:
    (tmp_path / "status.token").write_text(PASSWORD)
    text = SMALLEST.replace("sqlite:///receiver.db", "env:URL").replace(
        "127.0.0.1:8788", '0.0.0.0:80"\ntoken = "@status.token'
    )
    write(tmp_path, text)
    url = f"postgresql://me:{PASSWORD}@db.example.com/receiver"
    said = json_of(ask, URL=url)
    assert said["ledger"]["url"] == "postgresql://db.example.com/receiver"
    assert said["status"] == {"listen": "0.0.0.0:80", "auth": ["bearer"]}
    assert "bearer auth" in text_of(ask, URL=url)
    ended = ask("config", "check", environment={"URL": f"mysql://me:{PASSWORD}@db"})
    assert ended.code == 2


def test_help_ends_with_examples(ask: Asker) -> None:
    for arguments in (("config",), ("config", "check")):
        ended = ask(*arguments, "--help")
        assert ended.code == 0
        assert "Examples:" in ended.out
        assert all(len(line) <= 80 for line in ended.out.splitlines())
