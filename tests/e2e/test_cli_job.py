"""`job` as people and scripts use it, against an API of the tests' own on a real socket."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from receiver.cli.commands import commands
from tests.e2e.asking import Asker
from tests.e2e.command import Ended, Terminal, receiver
from tests.servers.launch import free_port
from tests.servers.logpush_api import (
    ACCOUNT,
    CHALLENGE,
    EMAIL,
    KEY,
    TOKEN,
    ZONE,
    Answer,
    LogpushServer,
    logpush_server,
)

S3 = "s3://acme-logs/http/{DATE}?region=eu-west-1&access-key-id=AK&secret-access-key=PLANTED-key"
SHOWN = "s3://acme-logs/http/{DATE}"
OPTIONS = "fields=RayID,ClientIP&timestamps=rfc3339"

Run = Callable[..., Ended]


@pytest.fixture
def server() -> Iterator[LogpushServer]:
    with logpush_server() as running:
        yield running


@pytest.fixture
def ask(tmp_path: Path, server: LogpushServer) -> Asker:
    asker = Asker(tmp_path)
    asker.environment |= {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_BASE_URL": server.url}
    asker.secrets += [TOKEN, KEY, "PLANTED-key"]
    asker.tokens.append(CHALLENGE)
    return asker


@pytest.fixture
def run(ask: Asker) -> Run:
    def run_job(*arguments: str | Path, **others: Any) -> Ended:
        ended = ask("job", *arguments, "--zone", ZONE, **others)
        if "json" not in arguments:
            assert all(len(line) <= 80 for line in ended.out.splitlines()), ended.out
        return ended

    return run_job


@pytest.fixture
def conf(tmp_path: Path) -> str:
    return f"file://{tmp_path}/logs"


@pytest.fixture
def file(tmp_path: Path, conf: str) -> Path:
    return written(tmp_path, dataset="http_requests", destination_conf=conf, name="example.com")


def written(folder: Path, **fields: Any) -> Path:
    path = folder / "job.json"
    path.write_text(json.dumps(fields))
    return path


# --- looking ---


def test_jobs_are_listed_for_people_without_their_secrets(run: Run, server: LogpushServer) -> None:
    server.add(destination_conf=S3, name="example.com", enabled=True)
    server.add(destination_conf="no conf PLANTED-key", dataset="dns_logs", error_message=f"at {S3}")
    ended = run("list")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "146  http_requests  enabled   example.com",
        f"     {SHOWN}",
        "147  dns_logs       disabled",
        "     [redacted]",
        "     error: at s3://[redacted]",
    ]
    assert run("list", "--dataset", "dns_logs").out.splitlines()[0].startswith("147")


def test_no_jobs_are_said_to_be_none(run: Run) -> None:
    assert run("list").out == "no jobs\n"
    assert run("list", "--format", "json").json == []


def test_one_job_is_shown_with_what_its_options_mean(run: Run, server: LogpushServer) -> None:
    server.add(
        destination_conf=S3,
        logpull_options=f"{OPTIONS}&sample=0.1",
        filter='{"where":{"key":"ClientIP","operator":"eq","value":"1.2.3.4"}}',
        max_upload_records=1000,
        last_error=f"PUT {S3} failed",
    )
    shown = run("show", "146").out
    assert shown.startswith("job 146 http_requests, disabled\n")
    assert f"destination     {SHOWN}\n" in shown
    assert "fields          2 fields: RayID, ClientIP\n" in shown
    assert "timestamps      rfc3339\n" in shown
    assert "sample          0.1\n" in shown
    assert "upload          after 1,000 records\n" in shown
    assert "last error      PUT s3://[redacted] failed\n" in shown


def test_json_is_redacted_unless_the_secrets_are_asked_for(
    run: Run, ask: Asker, server: LogpushServer
) -> None:
    server.add(destination_conf=S3, unknown_key=[1])
    redacted = run("show", "146", "--format", "json").json
    assert redacted["destination_conf"] == f"{SHOWN}?[redacted]"
    assert redacted["unknown_key"] == [1]
    ask.secrets.remove("PLANTED-key")
    assert run("show", "146", "--format", "json", "--secrets").json == server.jobs[146]
    assert run("list", "--format", "json", "--secrets").json == [server.jobs[146]]
    assert run("show", "146", "--secrets").code == 2


def test_fields_are_shown_with_their_types(run: Run) -> None:
    assert run("fields", "http_requests").out.splitlines() == [
        "ClientIP  string; IP address of the client",
        "RayID     string; Id",
    ]
    default = run("fields", "http_requests", "--default", "--format", "json").json
    assert default == {
        "dataset": "http_requests",
        "default": True,
        "fields": {"RayID": "string; Id"},
    }


def test_whether_a_job_writes_there_is_an_answer_either_way(
    run: Run, server: LogpushServer
) -> None:
    ended = run("exists", S3)
    assert (ended.code, ended.out) == (0, f"{SHOWN}: no job writes there\n")
    server.add(destination_conf=S3)
    assert run("exists", S3).out == f"{SHOWN}: a job writes there\n"
    assert run("exists", S3, "--format", "json").json == {"exists": True}


# --- judging ---


def test_the_api_judges_a_destination_and_options(run: Run, server: LogpushServer) -> None:
    assert run("validate", S3).out == "destination_conf     valid\n"
    ended = run("validate", "--options", "sample=7", "--dataset", "dns_logs")
    assert (ended.code, ended.out) == (1, "logpull_options      NOT VALID: sample out of range\n")
    assert server.asked[-1].body == {"logpull_options": "sample=7", "dataset": "dns_logs"}
    server.refuses = f"cannot write to {S3}"
    ended = run("validate", S3, "--format", "json")
    assert ended.code == 1
    assert ended.json == {
        "valid": False,
        "parts": [
            {
                "part": "destination_conf",
                "valid": False,
                "message": "cannot write to [redacted]",
            }
        ],
    }


def test_the_api_judges_a_whole_job(run: Run, tmp_path: Path) -> None:
    job = {"destination_conf": S3, "logpull_options": OPTIONS, "ownership_challenge": "wrong"}
    ended = run("validate", "--file", written(tmp_path, **job))
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "destination_conf     valid",
        "ownership_challenge  NOT VALID: it does not say why",
        "logpull_options      valid",
    ]
    ended = run(
        "validate", "--file", written(tmp_path, destination_conf=S3, output_options={"x": 1})
    )
    assert "note: output_options are judged by no operation" in ended.out


@pytest.mark.parametrize(
    "arguments", [(), (S3, "--options", "x"), (S3, "--dataset", "dns_logs"), ("--dataset", "x")]
)
def test_a_question_that_is_none_is_a_mistake_of_use(run: Run, arguments: tuple[str]) -> None:
    assert run("validate", *arguments).code == 2


# --- making ---


def test_create_does_the_whole_of_it(
    run: Run, server: LogpushServer, file: Path, conf: str
) -> None:
    ended = run("create", "--file", file)
    assert (ended.code, ended.out) == (0, "146\n"), ended
    assert "the API has had a challenge written: ownership-challenge-" in ended.err
    assert f"made job 146: http_requests -> {conf}" in ended.err
    assert "it is disabled" in ended.err
    assert [each.path.partition("/logpush/")[2] for each in server.asked] == ["ownership", "jobs"]
    assert server.jobs[146]["name"] == "example.com"


def test_a_destination_that_needs_no_token_is_not_challenged(
    run: Run, server: LogpushServer, tmp_path: Path
) -> None:
    file = written(tmp_path, id=9, destination_conf=S3, enabled=True, last_complete=None)
    ended = run("create", "--file", file, "--format", "json")
    assert ended.json["id"] == 146
    assert ended.json["job"]["destination_conf"] == f"{SHOWN}?[redacted]"
    (asked,) = server.asked
    assert asked.body.keys() == {"destination_conf", "enabled"}


def test_a_token_in_the_file_is_used_as_it_is(
    run: Run, server: LogpushServer, tmp_path: Path, conf: str
) -> None:
    file = written(tmp_path, destination_conf=conf, ownership_challenge=CHALLENGE)
    assert run("create", "--file", file).code == 0
    file = written(tmp_path, destination_conf=conf, ownership_challenge="wrong")
    ended = run("create", "--file", file, "--format", "json")
    assert ended.code == 1
    assert ended.json["error"]["reason"] == "api-refused"
    assert (ended.json["error"]["status"], ended.json["error"]["code"]) == (400, 1002)
    assert "incorrect ownership challenge" in ended.err
    assert len(server.asked) == 2


def test_a_rehearsal_asks_nobody(run: Run, server: LogpushServer, file: Path) -> None:
    ended = run("create", "--file", file, "--dry-run", environment={"CLOUDFLARE_API_TOKEN": ""})
    assert ended.code == 0
    assert f"for zone {ZONE}: a challenge would be asked for" in ended.out
    assert "\njob http_requests example.com, disabled\n" in ended.out
    assert not server.asked
    said = run("create", "--file", file, "--dry-run", "--format", "json").json
    assert (said["dry_run"], said["challenge"]) == (True, True)


def test_a_rehearsal_judges_the_options(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, destination_conf=S3, logpull_options="sample=7")
    ended = run("create", "--file", file, "--dry-run")
    assert ended.code == 2
    assert "`sample`" in ended.err


def test_no_challenge_is_inconclusive_and_makes_no_job(
    run: Run, server: LogpushServer, file: Path, tmp_path: Path
) -> None:
    server.writes = False
    (tmp_path / "logs").mkdir()
    ended = run("create", "--file", file, "--wait", "1s", "--format", "json")
    assert ended.code == 4
    assert ended.json["error"]["reason"] == "no-challenge"
    assert not server.jobs


def test_a_destination_that_the_api_refuses_is_not_waited_for(
    run: Run, server: LogpushServer, file: Path
) -> None:
    server.refuses = "destination is invalid"
    ended = run("create", "--file", file)
    assert (ended.code, ended.out) == (1, "")
    assert "no challenge was written: destination is invalid" in ended.err


def test_a_redacted_job_is_not_sent(run: Run, server: LogpushServer, tmp_path: Path) -> None:
    file = written(tmp_path, destination_conf=f"{SHOWN}?[redacted]")
    ended = run("create", "--file", file)
    assert ended.code == 2
    assert "its destination_conf is redacted" in ended.err
    assert not server.asked


# --- changing ---


def test_what_is_set_is_sent_and_the_change_is_shown(run: Run, server: LogpushServer) -> None:
    server.add(destination_conf=S3)
    ended = run(
        "update", "146", "--set", "enabled=true", "--set", "logpull_options=fields=RayID&sample=0.1"
    )
    assert ended.out.splitlines() == [
        "enabled         false -> true",
        "options.fields  (none) -> RayID",
        "options.sample  1.0 -> 0.1",
    ]
    assert server.asked[-1].body == {
        "enabled": True,
        "logpull_options": "fields=RayID&sample=0.1",
    }


def test_what_is_so_already_is_not_sent(run: Run, server: LogpushServer, tmp_path: Path) -> None:
    server.add(destination_conf=S3, enabled=True)
    ended = run("update", "146", "--file", written(tmp_path, **server.jobs[146]))
    assert (ended.code, ended.out) == (0, "no difference\n")
    assert [each.method for each in server.asked] == ["GET"]
    ended = run("update", "146", "--file", written(tmp_path, **{**server.jobs[146], "name": "x"}))
    assert server.asked[-1].body == {"name": "x"}


def test_a_new_destination_is_proven_first(
    run: Run, server: LogpushServer, conf: str, tmp_path: Path
) -> None:
    server.add(destination_conf=conf)
    (tmp_path / "conf.txt").write_text(f"{conf}/new\n")
    ended = run("update", "146", "--set", "destination_conf=@conf.txt", "--format", "json")
    assert ended.code == 0
    assert [each["field"] for each in ended.json["changes"]] == ["destination.bucket"]
    assert server.jobs[146]["destination_conf"] == f"{conf}/new"
    assert [each.method for each in server.asked] == ["GET", "POST", "PUT"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("enabeld=true", "did you mean enabled?"),
        ("enabled=yes", "--set enabled: not JSON"),
        ("id=7", "Logpush alone sets it"),
        ("enabled", "write enabled=VALUE"),
    ],
)
def test_what_cannot_be_set_is_named(
    run: Run, server: LogpushServer, setting: str, said: str
) -> None:
    ended = run("update", "146", "--set", setting)
    assert ended.code == 2
    assert said in ended.err
    assert not server.asked


# --- comparing ---


def test_a_file_is_compared_by_effect(run: Run, server: LogpushServer, tmp_path: Path) -> None:
    server.add(destination_conf=S3, logpull_options=OPTIONS)
    same = {
        "destination_conf": S3,
        "output_options": {"field_names": ["ClientIP", "RayID"], "timestamp_format": "rfc3339"},
    }
    ended = run("diff", "146", "--file", written(tmp_path, **same))
    assert (ended.code, ended.out) == (0, "no difference\n")
    other = {
        "destination_conf": f"{S3}2",
        "logpull_options": "fields=RayID,BotScore&timestamps=rfc3339",
    }
    file = written(tmp_path, **other)
    ended = run("diff", "146", "--file", file)
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "destination.secret_access_key  another one, not shown",
        "options.fields                 -ClientIP  +BotScore",
    ]
    said = run("diff", "146", "--file", file, "--format", "json").json
    assert (said["same"], len(said["changes"])) == (False, 2)


# --- deleting ---


def test_nothing_is_deleted_unasked(run: Run, server: LogpushServer) -> None:
    server.add(destination_conf=S3)
    assert run("delete", "146").code == 2
    assert server.jobs
    assert run("delete", "146", "--yes").code == 0
    assert not server.jobs


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 0), ("n", 1, 1)])
def test_a_person_is_asked_before_a_job_is_deleted(
    ask: Asker, server: LogpushServer, answer: str, code: int, left: int
) -> None:
    server.add(destination_conf=S3)
    terminal = Terminal("job", "delete", "146", "--zone", ZONE, environment=ask.environment)
    terminal.until("[y/N]")
    assert SHOWN in terminal.shown
    os.write(terminal._master, f"{answer}\n".encode())
    assert (terminal.end(), len(server.jobs)) == (code, left)
    assert "PLANTED" not in terminal.shown


# --- who asks, and where ---


def test_an_email_and_a_key_will_do(run: Run) -> None:
    pair = {"CLOUDFLARE_API_TOKEN": "", "CLOUDFLARE_EMAIL": EMAIL, "CLOUDFLARE_API_KEY": KEY}
    assert run("list", environment=pair).code == 0


def test_an_account_is_asked_by_its_own_path(ask: Asker, server: LogpushServer) -> None:
    assert ask("job", "list", "--account", ACCOUNT).code == 0
    assert f"/accounts/{ACCOUNT}/" in server.asked[0].path


def test_what_is_missing_is_named(ask: Asker, run: Run, server: LogpushServer) -> None:
    assert "--zone" in ask("job", "list").err
    nobody = run("list", environment={"CLOUDFLARE_API_TOKEN": ""})
    assert (nobody.code, "CLOUDFLARE_API_TOKEN" in nobody.err) == (2, True)
    away = run("list", "--api-url", "http://api.example.com")
    assert (away.code, "unencrypted" in away.err) == (2, True)
    assert not server.asked


def test_wrong_credentials_could_not_look(run: Run) -> None:
    ended = run("list", "--format", "json", environment={"CLOUDFLARE_API_TOKEN": "wrong-one"})
    assert ended.code == 3
    assert ended.json["error"]["reason"] == "api-denied"
    assert ended.json["error"]["right"] == "Logs: Write"
    assert "wrong-one" not in ended.err


def test_an_api_that_is_not_there_could_not_be_asked(run: Run) -> None:
    ended = run("list", "--api-url", f"http://127.0.0.1:{free_port()}")
    assert ended.code == 3
    assert "no connection came about" in ended.err


def test_a_job_that_is_not_there_is_a_refusal(run: Run) -> None:
    ended = run("show", "7")
    assert ended.code == 1
    assert "job not found (HTTP 404, code 1000)" in ended.err


def test_a_busy_api_is_waited_for(run: Run, server: LogpushServer) -> None:
    server.script = [Answer(status=429, headers={"Retry-After": "0"})]
    ended = run("list")
    assert (ended.code, ended.out) == (0, "no jobs\n")
    assert "asking again in" in ended.err


@pytest.mark.parametrize("name", ["", *sorted(commands.commands["job"].commands)])  # type: ignore[attr-defined]
def test_help_fits_80_columns_and_has_examples(name: str) -> None:
    ended = receiver("job", *([name] if name else []), "--help")
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "Examples:\n    logpush-receiver job " in ended.out
