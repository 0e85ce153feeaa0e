"""`token` as scripts and people meet it: what is found in a folder, and in which form it comes."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.asking import MEASURED, PLAIN, Asker, kib_of, put, reason_of

NAME = "ownership-challenge-1a2b.txt"


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    return Asker(tmp_path)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


def day(days_ago: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days_ago):%Y%m%d}"


# --- where it lies ---


@pytest.mark.parametrize("folder", ["", f"{day(0)}/", f"{day(1)}/", "{DATE}/"])
def test_a_challenge_is_found_wherever_a_date_may_have_led(
    ask: Asker, logs: Path, folder: str
) -> None:
    put(logs, f"http/{folder}{NAME}")
    ended = ask("token", f"file://{logs}/http/{{DATE}}")
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
    assert ended.err.startswith(f"found {folder}{NAME}, written ")


def test_a_challenge_of_another_day_or_folder_is_none(ask: Asker, logs: Path) -> None:
    put(logs, f"http/{day(3)}/{NAME}")
    put(logs, f"http/deeper/{NAME}")
    put(logs, NAME)
    ended = ask("token", f"file://{logs}/http/{{DATE}}", "--format", "json")
    assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))
    assert ended.json["token"] is None
    assert f"{day(0)}/ownership-challenge" in ended.json["looked_in"]
    assert f"{day(1)}/" in ended.err


def test_the_newest_counts_and_the_others_are_named(ask: Asker, logs: Path) -> None:
    old = ask.token_of({"old": 1})
    put(logs, "ownership-challenge-c.txt", old, age_seconds=60)
    put(logs, "ownership-challenge-a.txt")
    put(logs, "ownership-challenge-b.txt", old, age_seconds=3600)
    ended = ask("token", f"file://{logs}")
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
    told = ended.err.splitlines()
    assert told[0].startswith("found ownership-challenge-a.txt, written ")
    assert told[1].startswith("also there, older: ownership-challenge-c.txt, written ")
    assert told[2].startswith("also there, older: ownership-challenge-b.txt, written ")


def test_a_packet_capture_names_its_challenge_with_hex_digits(ask: Asker, logs: Path) -> None:
    name = f"ownership-challenge-{'9883874ecac311ec8475433579a6bf5f'}.txt"
    put(logs, name)
    assert ask("token", f"file://{logs}").out == f"{PLAIN}\n"
    assert ask("token", f"file://{logs}", "--filename", name).out == f"{PLAIN}\n"


@pytest.mark.parametrize("front", ["", "{bucket}/"])
def test_a_name_that_is_given_is_read_and_no_other(ask: Asker, logs: Path, front: str) -> None:
    put(logs, f"http/20200101/{NAME}")  # no listing would look there
    put(logs, "http/ownership-challenge-newer.txt", ask.token_of({"newer": 1}))
    conf, front = f"file://{logs}/http/{{DATE}}", front.format(bucket=logs / "http")
    ended = ask("token", conf, "--filename", f"{front}20200101/{NAME}", "--format", "json")
    assert (ended.code, ended.json["token"]) == (0, PLAIN)
    assert ended.json["filename"] == f"20200101/{NAME}"
    ended = ask("token", conf, "--filename", f"{front}20200102/{NAME}", "--format", "json")
    assert (ended.code, ended.json["token"]) == (4, None)
    assert reason_of(ended) == ("no-challenge", "")
    assert "No other file is taken for it" in ended.err


def test_an_empty_name_as_of_a_variable_that_is_not_set_is_a_mistake(
    ask: Asker, logs: Path
) -> None:
    put(logs, NAME)
    ended = ask("token", f"file://{logs}", "--filename", "")
    assert (ended.code, ended.out) == (2, "")
    assert "--filename is empty" in ended.err


KEYS = "access-key-id=PLANTEDID&secret-access-key=planted%2Fsecret"


@pytest.mark.parametrize(
    "conf",
    [
        "https://logs.example.com/in?header_Authorization=planted%2Fsecret",
        "splunk://s.example.com/services/collector/raw?channel=a&header_X=planted%2Fsecret",
        "datadog://http-intake.logs.datadoghq.com/v1/input?header_DD-API-KEY=planted%2Fsecret",
        f"s3://logs/http?region=eu-west-1&{KEYS}",
        f"s3://logs/http?region=r&endpoint=minio.example.com&{KEYS}",
        f"r2://logs/http?account-id=0123456789abcdef0123456789abcdef&{KEYS}",
    ],
)
def test_where_no_challenge_is_needed_nobody_is_asked(ask: Asker, conf: str) -> None:
    ask.secrets += ["planted/secret"]
    (ask.home / "conf").write_text(conf)
    ended = ask("token", "@conf", "--format", "json", environment={"CONF": conf})
    assert ended.code == 0
    assert (ended.json["required"], ended.json["token"]) == (False, None)
    assert "no token is needed" in " ".join(ended.err.split())
    ended = ask("token", "env:CONF", environment={"CONF": conf})
    assert (ended.code, ended.out) == (0, "")


# --- what lies there ---


@pytest.mark.parametrize("end", ["\n", "\r\n", " \r\n\r\n"])
def test_line_ends_around_a_token_are_not_its_own(ask: Asker, logs: Path, end: str) -> None:
    put(logs, NAME, PLAIN + end)
    assert ask("token", f"file://{logs}").out == f"{PLAIN}\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b"\r\n", "nothing but blanks"),
        (b"<html>Sign in</html>", "it holds '<'"),
        (b"two\nlines", "more than one line"),
        (b"\x1f\x8b\x08\x00", "which no token has"),
        (b"a" * 4097, "longer than 4,096 characters"),
    ],
)
def test_what_holds_no_token_is_said_and_none_is_made_of_it(
    ask: Asker, logs: Path, body: bytes, words: str
) -> None:
    put(logs, NAME, body)
    for arguments in ((), ("--filename", NAME)):
        ended = ask("token", f"file://{logs}", *arguments, "--format", "env")
        assert (ended.code, ended.out) == (4, "")
        assert f"{NAME} holds no token: " in ended.err
        assert words in ended.err


def test_a_challenge_of_a_gigabyte_costs_neither_time_nor_memory(ask: Asker, logs: Path) -> None:
    def memory(*, of_code: int) -> int:
        ended = ask("token", f"file://{logs}", within=MEASURED)
        assert ended.code == of_code, ended
        return kib_of(ended)

    path = put(logs, NAME)
    usual = memory(of_code=0)
    with path.open("wb") as file:
        file.truncate(1 << 30)
    begun = datetime.now(UTC)
    assert memory(of_code=4) - usual < 8 << 10
    assert datetime.now(UTC) - begun < timedelta(seconds=5)


def test_a_token_that_has_expired_is_as_good_as_none(ask: Asker, logs: Path) -> None:
    end = datetime.now(UTC) - timedelta(days=1)
    token = ask.token_of({"exp": int(end.timestamp())})
    put(logs, NAME, token)
    ended = ask("token", f"file://{logs}")
    assert (ended.code, ended.out) == (4, "")
    assert f"it expired at {end:%Y-%m-%dT%H:%M:%SZ}; ask for a new challenge" in ended.err
    said = ask("token", f"file://{logs}", "--format", "json")
    assert (said.code, said.json["token"]) == (4, token)
    assert said.json["error"]["reason"] == "challenge-expired"


def test_the_claims_are_shown_without_what_may_be_secret(ask: Asker, logs: Path) -> None:
    ask.secrets += ["planted/sig", "planted-value"]
    conf = "azure://acme.blob.core.windows.net/logs?sp=w&sig=planted%2Fsig"
    end = datetime.now(UTC) + timedelta(days=6)
    claims = {"destination_conf": conf, "exp": int(end.timestamp()), "other": "planted-value"}
    token = ask.token_of(claims)
    put(logs, NAME, token)
    said = ask("token", f"file://{logs}", "--format", "json").json
    assert (said["token"], said["jwt"]) == (token, True)
    assert said["expires_at"] == f"{end:%Y-%m-%dT%H:%M:%SZ}"
    assert [each["name"] for each in said["claims"]] == ["destination_conf", "exp", "other"]
    assert said["claims"][0]["value"].startswith("azure://acme.blob.core.windows.net/logs")
    assert said["claims"][2]["value"] == "[redacted]"


# --- in which form it comes ---


def test_a_shell_takes_the_line_of_format_env(ask: Asker, logs: Path) -> None:
    put(logs, NAME)
    ended = ask("token", f"file://{logs}", "--format", "env")
    script = f'set -eu\n{ended.out}printf %s "$OWNERSHIP_CHALLENGE"'
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, timeout=9)
    assert shown.stdout.decode() == PLAIN


def test_github_masks_the_token_and_keeps_it_for_later_steps(ask: Asker, logs: Path) -> None:
    put(logs, NAME)
    outputs = ask.home / "outputs"
    outputs.write_text("before=1\n")
    named = {"GITHUB_OUTPUT": str(outputs)}
    ended = ask("token", f"file://{logs}", "--format", "github", environment=named)
    assert (ended.code, ended.out) == (0, f"::add-mask::{PLAIN}\n")
    assert outputs.read_text() == f"before=1\ntoken={PLAIN}\nfilename={NAME}\n"


def test_a_name_of_several_lines_makes_no_output_of_its_own(ask: Asker, logs: Path) -> None:
    put(logs, "ownership-challenge\ntoken=planted\n.txt")
    outputs = ask.home / "outputs"
    named = {"GITHUB_OUTPUT": str(outputs)}
    assert ask("token", f"file://{logs}", "--format", "github", environment=named).code == 0
    lines = outputs.read_text().splitlines()
    assert lines[0] == f"token={PLAIN}"
    assert lines[1].startswith("filename<<end-")
    assert lines[-1] == lines[1].removeprefix("filename<<")


def test_github_without_its_file_or_without_a_token_writes_nothing(ask: Asker, logs: Path) -> None:
    ended = ask("token", f"file://{logs}", "--format", "github")
    assert (ended.code, ended.out) == (2, "")
    assert "GITHUB_OUTPUT names no file" in ended.err
    named = {"GITHUB_OUTPUT": str(ask.home / "outputs")}
    ended = ask("token", f"file://{logs}", "--format", "github", environment=named)
    assert (ended.code, ended.out) == (4, "")
    assert (ask.home / "outputs").read_bytes() == b""


# --- what is given ---


def test_the_conf_comes_from_a_file_or_the_environment_as_well(ask: Asker, logs: Path) -> None:
    put(logs, NAME)
    (ask.home / "conf.txt").write_text(f"file://{logs}\r\n")
    for conf in ("@conf.txt", "env:CONF"):
        ended = ask("token", conf, environment={"CONF": f"file://{logs}"})
        assert ended.out == f"{PLAIN}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give DESTINATION_CONF or --job FILE"),
        (["env:NO_SUCH_NAME"], "the variable is not set"),
        (["@no-such-file"], "No such file"),
        (["s3://logs/http?region=r&planted"], ""),
        (["file:///logs", "--wait", "2 minutes"], "write 90s, 2m or 1h"),
        (["file:///logs", "--zone", "0" * 32], "with --job"),
        (["file:///logs", "--terraform"], "--terraform takes all else from standard input"),
    ],
)
def test_a_mistake_is_one_line_with_its_remedy(
    ask: Asker, arguments: list[str], words: str
) -> None:
    ask.secrets += ["planted"]
    ended = ask("token", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("logpush-receiver: ")
    assert ended.err.count("\n") == 1
    assert words in ended.err


def test_what_will_happen_is_explained_and_nothing_asked(ask: Asker) -> None:
    conf = "gs://acme-logs/http/{DATE}"  # nobody could ask there
    ended = ask("token", "--explain", conf)
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    told = " ".join(ended.out.split())
    assert f"http/{day(0)}/ownership-challenge" in told
    assert "storage.objects.get" in told
    said = json.loads(ask("token", "--explain", conf, "--format", "json").out)
    assert all(step["name"] and step["text"] for step in said["steps"])
