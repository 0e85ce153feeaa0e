"""`doctor` as scripts and people meet it: exit codes, forms, colour; and it changes nothing."""

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from receiver.doctor.bodies import TEST_NAME
from tests.e2e.asking import Asker
from tests.e2e.command import Terminal
from tests.e2e.places import AzurePlace, S3Place
from tests.servers.azurite import AzureServer
from tests.servers.s3 import S3Server

STATUSES = {"pass", "warn", "fail", "unknown"}


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    return Asker(tmp_path)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder of ours alone with one object, in which nothing is wrong."""
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o700)
    (folder / "a.log.gz").write_bytes(gzip.compress(b"{}\n"))
    return folder


def files(folder: Path) -> dict[str, tuple[int, float]]:
    found = sorted(folder.rglob("*"))
    return {str(path): (path.stat().st_size, path.stat().st_mtime) for path in found}


# --- exit codes ---


def test_what_is_fit_passes_with_what_was_not_tried(ask: Asker, logs: Path) -> None:
    ended = ask("doctor", f"file://{logs}")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"file://{logs}\n\npass     list ")
    assert re.search(r"^unknown  write ", ended.out, re.MULTILINE)


def test_what_others_may_read_is_a_warning_and_passes(ask: Asker) -> None:
    with TemporaryDirectory() as folder:  # those of pytest are shut to others further up
        Path(folder).chmod(0o755)
        (Path(folder) / "a.log.gz").write_bytes(b"1")
        ended = ask("doctor", f"file://{folder}")
    assert ended.code == 0
    assert re.search(r"^warn     public ", ended.out, re.MULTILINE)


def test_what_is_not_there_fails_with_the_remedy(ask: Asker, logs: Path) -> None:
    ended = ask("doctor", f"file://{logs}/none")
    assert ended.code == 1
    assert re.search(r"^FAIL     list ", ended.out, re.MULTILINE)
    assert re.search(r"^1 fail", ended.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "DESTINATION_CONF or --job FILE"),
        (["file:///a", "--job", "job.json"], "DESTINATION_CONF or --job FILE"),
        (["ftp://planted"], "destination_conf"),
        (["env:NO_SUCH_NAME"], "the variable is not set"),
    ],
)
def test_a_mistake_is_one_line(ask: Asker, arguments: list[str], words: str) -> None:
    ended = ask("doctor", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert words in ended.err


def test_where_nothing_can_be_looked_at_nothing_passes(ask: Asker) -> None:
    ended = ask("doctor", "kinesis://stream?region=us-east-1")
    assert (ended.code, ended.err) == (3, "")
    assert re.search(r"^1 unknown$", ended.out, re.MULTILINE)


# --- forms ---


def test_json_has_each_destination_of_a_job_file_once(ask: Asker, logs: Path) -> None:
    confs = [f"file://{logs}", f"file://{logs}/none", f"file://{logs}"]
    jobs = [
        {"id": number, "dataset": "http_requests", "destination_conf": conf}
        for number, conf in enumerate(confs, 1)
    ]
    (ask.home / "jobs.json").write_text(json.dumps(jobs))
    ended = ask("doctor", "--job", "jobs.json", "--format", "json")
    assert ended.code == 1
    assert ended.json["verdict"] == "fail"
    fit, missing = ended.json["destinations"]
    assert (fit["destination"], missing["destination"]) == tuple(confs[:2])
    assert (fit["verdict"], missing["verdict"]) == ("pass", "fail")
    for check in (*fit["checks"], *missing["checks"]):
        assert check.keys() == {"name", "status", "message", "remedy"}
        assert check["status"] in STATUSES
        assert check["message"]
        assert check["remedy"] or check["status"] != "fail"


def test_a_terminal_gets_colour_and_80_columns(ask: Asker, logs: Path) -> None:
    long = logs / ("a" * 100)
    long.mkdir(mode=0o700)
    terminal = Terminal("doctor", f"file://{long}/none", environment=ask.environment)
    assert terminal.end() == 1
    assert "\x1b[1;31mFAIL\x1b[0m     list" in terminal.shown
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.shown)
    checks = plain.split("\r\n\r\n", 1)[1]  # the destination itself is not broken
    words = [line for line in checks.splitlines() if "/" not in line]
    assert max(map(len, words)) <= 80


def test_colour_is_for_a_terminal_or_who_asks(ask: Asker, logs: Path) -> None:
    conf = f"file://{logs}"
    quiet = {**ask.environment, "NO_COLOR": "1"}
    terminal = Terminal("doctor", conf, environment=quiet)
    assert terminal.end() == 0
    assert "\x1b[" not in terminal.shown + ask("doctor", conf).out
    assert "\x1b[1;32mpass\x1b[0m" in ask("doctor", conf, "--color", "always").out


# --- nothing is changed, nothing secret shown ---


def test_nothing_is_written_unless_asked_to(ask: Asker, logs: Path) -> None:
    before = files(logs)
    assert ask("doctor", f"file://{logs}/{{DATE}}").code in {0, 1}
    assert files(logs) == before
    ended = ask("doctor", f"file://{logs}", "--write-probe")
    assert re.search(r"^pass     write ", ended.out, re.MULTILINE)
    added = files(logs).keys() - before.keys()
    assert added == {str(logs / TEST_NAME)}
    assert gzip.decompress((logs / TEST_NAME).read_bytes())


def test_a_bucket_is_written_to_with_a_probe_only(ask: Asker, rgw_server: S3Server) -> None:
    place = S3Place(rgw_server)
    ask.secrets += place.secrets
    place.put("http/a.log.gz", b"1")
    conf, day = place.conf("http/{DATE}", user=rgw_server.owner), f"{datetime.now(UTC):%Y%m%d}"

    def keys() -> list[str]:
        listed = rgw_server.client().list_objects_v2(Bucket=place.bucket)
        return [each["Key"] for each in listed["Contents"]]

    ask("doctor", "env:CONF", environment={"CONF": conf})
    assert keys() == ["http/a.log.gz"]
    ended = ask("doctor", "env:CONF", "--write-probe", environment={"CONF": conf})
    assert re.search(r"^pass     write ", ended.out, re.MULTILINE)
    assert keys() == [f"http/{day}/{TEST_NAME}", "http/a.log.gz"]


def test_a_right_that_is_missing_fails_and_is_named(ask: Asker, rgw_server: S3Server) -> None:
    place = S3Place(rgw_server)
    ask.secrets += place.secrets
    ended = ask("doctor", place.conf("http", user=rgw_server.writer), "--format", "json")
    assert ended.code == 1
    (listing,) = (
        each for each in ended.json["destinations"][0]["checks"] if each["name"] == "list"
    )
    assert listing["status"] == "fail"
    assert "s3:ListBucket" in listing["message"] + listing["remedy"]


def test_a_sas_is_judged_and_not_shown(ask: Asker, azure_server: AzureServer) -> None:
    place = AzurePlace(azure_server)
    conf = place.conf("http", permission="w")
    ask.secrets += place.secrets
    (ask.home / "conf").write_text(conf)
    ended = ask("doctor", "@conf")
    assert ended.code == 1
    assert re.search(r"^FAIL     list ", ended.out, re.MULTILINE)
    assert re.search(r"^\w+ +sas ", ended.out, re.MULTILINE)
