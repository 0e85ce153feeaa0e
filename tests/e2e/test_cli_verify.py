"""`verify` as scripts and people meet it: exit codes, output, errors, interruption."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.emulator.day import DemoDay
from tests.e2e.command import COMMAND, Ended, Terminal, receiver

DRIVERS = ("aiobotocore", "botocore", "boto3", "gcsfs", "fsspec", "azure", "aiohttp")
OPTIONS = "fields=RayID,EdgeStartTimestamp&timestamps=unixnano"
DNS = ("--dataset", "dns_logs")
LINE = b'{"RayID":"81757afa606ec6a2","EdgeStartTimestamp":1795306500000000000}\n'


def job_file(folder: Path, **keys: Any) -> Path:
    path = folder / "job.json"
    path.write_text(json.dumps({"id": 9, "dataset": "http_requests", **keys}))
    return path


def batch(folder: Path, lines: bytes = LINE, name: str = "") -> Path:
    path = folder / (name or "20261122T001500Z_20261122T001600Z_9af500e2.log.gz")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines))
    return path


def is_one_line_of_ours(ended: Ended) -> bool:
    return ended.err.count("\n") == 1 and ended.err.startswith("logpush-receiver: ")


# --- what the exit code says ---


def test_a_good_batch_passes(day: DemoDay, good: Path) -> None:
    ended = receiver("verify", good, "--job", day.jobs_file)
    assert (ended.code, ended.err) == (0, "")
    assert "PASS  1 batch" in ended.out


def test_a_day_with_faults_fails_and_each_batch_goes_to_its_job(day: DemoDay) -> None:
    ended = receiver("verify", day.folder, "--job", day.jobs_file, "--format", "json")
    assert (ended.code, ended.err) == (1, "")
    whole = ended.json
    assert whole["verdict"] == "fail"
    assert [job["id"] for job in whole["jobs"]] == [146, 147]
    assert whole["totals"]["batches"] == len(whole["batches"]) == day.objects - 4
    assert whole["batches"] == sorted(whole["batches"], key=lambda each: each["key"])
    spoiled = {each.key for each in day.planted}
    assert {each["key"] for each in whole["batches"] if each["findings"]} == spoiled
    for each in whole["batches"]:
        expected = {146} if each["key"].startswith("http/") else {147}
        assert each["job"] in expected or "dataset-other" in str(each["findings"])
    assert len(whole["ignored"]) == 5  # both jobs' test and challenge, and jobs.json


def test_without_a_source_each_job_is_judged_where_it_writes(day: DemoDay) -> None:
    ended = receiver("verify", "--job", day.jobs_file, "-j", "1")
    assert ended.code == 1
    assert f"file://{day.folder}/http/{{DATE}}" in ended.out.replace("\n  ", "")


def test_a_span_takes_the_batches_that_begin_in_it(day: DemoDay, yesterday: date) -> None:
    span = ("--from", f"{yesterday}T10:00:00Z", "--to", f"{yesterday}T11:00:00+00:00")
    ended = receiver("verify", "--job", day.jobs_file, "--format", "json", *span)
    starts = [each["window"][0] for each in ended.json["batches"]]
    assert min(starts) == f"{yesterday}T10:00:00Z"
    assert max(starts) < f"{yesterday}T11:00:00Z"
    today = receiver("verify", "--job", day.jobs_file, "--from", "today", "--format", "json")
    assert (today.code, today.json["batches"]) == (4, [])


def test_nothing_found_is_inconclusive(tmp_path: Path) -> None:
    ended = receiver("verify", tmp_path, "--dataset", "http_requests")
    assert ended.code == 4
    assert "INCONCLUSIVE  nothing was found to judge" in ended.out


def test_a_place_that_cannot_be_read_is_neither_pass_nor_fail(tmp_path: Path) -> None:
    job = job_file(tmp_path, destination_conf=f"file://{tmp_path}/nowhere/{{DATE}}")
    ended = receiver("verify", "--job", job, "--format", "json")
    assert ended.code == 3
    assert is_one_line_of_ours(ended)
    assert ended.json["verdict"] == "inconclusive"
    assert "nowhere" in ended.json["unread"][0]["error"]


def test_of_a_source_that_cannot_be_asked_the_reports_tell_beside_what_was_verified(
    tmp_path: Path,
) -> None:
    batch(tmp_path / "ok")
    ended = receiver(
        *("verify", tmp_path / "ok", "gs://nope/x", "--options", OPTIONS),
        *("--format", "json", "-o", tmp_path / "one.json"),
        environment={"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "no-such.json")},
    )
    assert ended.code == 3
    assert [each["verdict"] for each in ended.json["batches"]] == ["pass"]
    assert [each["key"] for each in ended.json["unread"]] == ["gs://nope/x"]
    assert json.loads((tmp_path / "one.json").read_text()) == ended.json


def test_a_failed_batch_weighs_more_than_one_that_cannot_be_read(
    tmp_path: Path, bad: Path, day: DemoDay
) -> None:
    lost = job_file(tmp_path, destination_conf=f"file://{tmp_path}/nowhere")
    content = json.loads(day.jobs_file.read_text())["result"]
    jobs = tmp_path / "jobs.json"
    jobs.write_text(json.dumps([*content, json.loads(lost.read_text())]))
    ended = receiver("verify", "--job", jobs, "-j", "1")
    assert ended.code == 1
    assert "1 could not be read" in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "/nowhere/at/all", "--dataset", "dns_logs"], "no such file or folder"),
        (["verify"], "nothing says what to expect"),
        (["verify", "--dataset", "dns_logs"], "name the source"),
        (["verify", ".", "--dataset", "dns_logs", "--job", "x"], "the one or the other"),
        (["verify", ".", "--job", "/nowhere.json"], "/nowhere.json: No such file"),
        (["verify", ".", "--job", "/nowhere.json"], "name a file that can be read"),
        (["verify", ".", "--options", "@/nowhere"], "--options @/nowhere: No such file"),
        (["verify", ".", "--dataset", "http_request"], "did you mean http_requests?"),
        (["verify", ".", "--dataset", "x"], "known are access_requests,"),
        (["verify", ".", "--dataset", ""], "--dataset: unknown data set ''"),
        (["verify", ".", "--dataset", "a b/c"], "--dataset: unknown data set 'a b/c'"),
        (["verify", "s3://b/x/", *DNS, "--endpoint-url", "127.0.0.1:9000"], "http://HOST"),
        (["verify", "s3://b/x/", *DNS, "--endpoint-url", "not a url"], "http://HOST"),
        (["verify", "s3://b/x/", *DNS, "--endpoint-url", "ftp://x"], "http://HOST"),
        (["verify", "s3://b/x/", *DNS, "--endpoint-url", "http://x:y"], "http://HOST"),
        (["verify", "-", *DNS, "--from", "today"], "leave them out"),
        (["verify", ".", "--dataset", "dns_logs", "--from", "noon"], "--from 'noon'"),
        (["verify", ".", "--dataset", "dns_logs", "--options", "sample=2"], "sample"),
        (["verify", ".", "--dataset", "dns_logs", "-o", "r.pdf"], ".json or .txt"),
        (["verify", ".", "--dataset", "dns_logs", "-o", "/nowhere/r.json"], "cannot be written"),
        (["verify", ".", "--dataset", "dns_logs", "--reference-count", "many"], "many"),
        (["verify", ".", "--dataset", "dns_logs", "--reference-count", "5=1"], "no job 5"),
        (["verify", "--bogus"], "--bogus"),
        (["verfy"], "verify"),
        (["verify", "@/nowhere/conf", "--dataset", "dns_logs"], "/nowhere/conf: No such file"),
        (["verify", "s3://b/{date}", "--dataset", "dns_logs"], "{DATE}"),
        (["verify", "-", "--job", "-"], "not both"),
    ],
)
def test_a_mistake_is_one_line_with_a_remedy_and_exit_2(arguments: list[str], words: str) -> None:
    ended = receiver(*arguments, stdin=b"{}")
    assert ended.code == 2
    assert ended.out == ""
    assert is_one_line_of_ours(ended)
    assert words in ended.err


def test_a_caret_stands_below_what_is_wrong_in_the_options() -> None:
    ended = receiver("verify", ".", "--options", "fields=RayID;sample=0.1")
    assert ended.code == 2
    message, text, caret = ended.err.splitlines()
    assert "parameters are separated by `&`" in message
    assert text[caret.index("^")] == ";"


# --- sources ---


def test_a_batch_comes_from_a_pipe_or_a_file_and_is_not_accused_of_its_name(
    tmp_path: Path,
) -> None:
    path = batch(tmp_path)
    asked = ("verify", "-", "--options", OPTIONS, "--format", "json")
    piped = receiver(*asked, stdin=path.read_bytes())
    assert (piped.code, piped.json["batches"][0]["findings"]) == (0, [])
    with path.open("rb") as file:
        redirected = subprocess.run([*COMMAND, *asked], stdin=file, capture_output=True, check=True)
    assert json.loads(redirected.stdout)["batches"] == piped.json["batches"]


def test_a_terminal_is_no_batch() -> None:
    terminal = Terminal("verify", "-", "--dataset", "dns_logs")
    assert terminal.end() == 2
    assert terminal.shown.startswith("logpush-receiver: -: standard input is a terminal")


def test_the_job_comes_from_a_pipe(tmp_path: Path) -> None:
    batch(tmp_path / "logs")
    job = job_file(tmp_path, logpull_options=OPTIONS).read_bytes()
    assert receiver("verify", tmp_path / "logs", "--job", "-", stdin=job).code == 0


def test_an_object_named_outright_is_judged_whatever_its_name(tmp_path: Path) -> None:
    path = batch(tmp_path, name="export.gz")
    ended = receiver("verify", path, "--options", OPTIONS, "--format", "json")
    assert ended.code == 0
    assert [each["code"] for each in ended.json["batches"][0]["findings"]] == ["key-name"]
    assert receiver("verify", tmp_path, "--options", OPTIONS).code == 4


def test_a_destination_conf_and_options_come_from_files(tmp_path: Path) -> None:
    batch(tmp_path / "logs")
    (tmp_path / "conf").write_text(f"file://{tmp_path}/logs\n")
    (tmp_path / "options").write_text(OPTIONS + "\n")
    ended = receiver(
        "verify", f"@{tmp_path}/conf", "--options", f"@{tmp_path}/options", "--format", "json"
    )
    assert (ended.code, ended.json["totals"]["records"]) == (0, 1)


# --- what cannot be judged ---


def test_a_job_that_is_not_ndjson_is_inconclusive_and_says_why(tmp_path: Path) -> None:
    batch(tmp_path / "logs", b"a,b\n")
    job = job_file(tmp_path, output_options={"output_type": "csv", "field_names": ["RayID"]})
    ended = receiver("verify", tmp_path / "logs", "--job", job)
    assert ended.code == 4
    assert "not plain NDJSON (`output_type`)" in ended.out


def test_a_job_that_pushes_stands_in_no_other_jobs_way(tmp_path: Path) -> None:
    batch(tmp_path / "logs")
    jobs = tmp_path / "jobs.json"
    conf = f"file://{tmp_path}/logs"
    pushed = {"id": 1, "dataset": "dns_logs", "destination_conf": "https://logs.example.com/in"}
    read = {"id": 2, "logpull_options": OPTIONS, "destination_conf": conf}
    jobs.write_text(json.dumps([pushed, read]))
    ended = receiver("verify", "--job", jobs)
    assert ended.code == 4
    assert "1 batch" in ended.out
    assert "job 1: what it pushes cannot be read back" in ended.out


@pytest.mark.parametrize(
    ("reference", "code", "words"),
    [
        (None, 0, "Not checked: sample 0.5 has nothing to be compared with"),
        ("4000", 0, "Note: sample 0.5 as promised: 0.5 (2,000 of 4,000 records)"),
        ("9000", 1, "sample-rate"),
        ("2100", 1, "sample-rate"),
        ("4300", 4, "too few records to tell"),
        ("1999", 4, "more arrived than the reference counts"),
    ],
)
def test_the_sample_is_judged_against_a_reference_only(
    tmp_path: Path, reference: str | None, code: int, words: str
) -> None:
    lines = [LINE.replace(b"81757afa606ec6a2", b"%016x" % number) for number in range(2000)]
    batch(tmp_path / "logs", b"".join(lines))
    job = job_file(tmp_path, logpull_options=OPTIONS + "&sample=0.5")
    asked = [] if reference is None else ["--reference-count", reference]
    ended = receiver("verify", tmp_path / "logs", "--job", job, *asked)
    assert ended.code == code
    assert words in " ".join(ended.out.split())


# --- reports ---


def test_files_get_the_format_of_their_suffix_beside_what_is_printed(
    tmp_path: Path, bad: Path, day: DemoDay
) -> None:
    files = (tmp_path / "r.json", tmp_path / "r.txt")
    ended = receiver(
        "verify", bad, "--job", day.jobs_file, "-o", files[0], "-o", files[1], "--format", "text"
    )
    assert ended.code == 1
    assert json.loads(files[0].read_text())["batches"][0]["findings"][0]["code"] == "gzip-truncated"
    assert files[1].read_text() == ended.out


def test_a_mistake_leaves_the_files_of_before_alone(tmp_path: Path) -> None:
    kept, new = tmp_path / "kept.json", tmp_path / "new.json"
    kept.write_text("old")
    ended = receiver("verify", "/nowhere", "--dataset", "dns_logs", "-o", kept, "-o", new)
    assert ended.code == 2
    assert kept.read_text() == "old"
    assert not new.exists()


def test_a_reader_that_has_had_enough_is_no_error(day: DemoDay) -> None:
    process = subprocess.Popen(
        [*COMMAND, "verify", day.folder, "--job", day.jobs_file, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1


def test_no_key_of_a_destination_is_ever_shown(tmp_path: Path) -> None:
    secrets = {"secret-access-key": "PLANTED0SECRET0KEY", "access-key-id": "PLANTED0ID"}
    conf = "s3://acme-logs/http/{DATE}?region=auto&" + "&".join(
        f"{name}={value}" for name, value in secrets.items()
    )
    (tmp_path / "conf").write_text(conf)
    job = job_file(tmp_path, destination_conf=conf)
    endpoint = ("--endpoint-url", "http://127.0.0.1:1", "--from", "-1h")
    for ended in (
        receiver("verify", f"@{tmp_path}/conf", "--dataset", "dns_logs", *endpoint),
        receiver("verify", "--job", job, *endpoint, "--format", "json"),
        receiver("verify", conf.replace("{DATE}", "{date}"), "--dataset", "dns_logs"),
        receiver("verify", conf.replace("s3:", "s4:"), "--dataset", "dns_logs"),
    ):
        assert ended.code in {2, 3}
        assert "PLANTED" not in ended.out + ended.err


# --- terminal ---


def test_a_terminal_gets_progress_and_colour_in_80_columns(day: DemoDay) -> None:
    terminal = Terminal("verify", day.folder, "--job", day.jobs_file, "-j", "1")
    assert terminal.end() == 1
    assert re.search(r"objects.*records/s", terminal.shown)
    assert "\x1b[1;31mFAIL\x1b[0m" in terminal.shown
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.shown)
    assert max(len(line) for line in re.split(r"[\r\n]+", plain)) <= 80


def test_no_color_is_heeded(good: Path, day: DemoDay) -> None:
    terminal = Terminal("verify", good, "--job", day.jobs_file, environment={"NO_COLOR": "1"})
    assert terminal.end() == 0
    assert "\x1b[1;32m" not in terminal.shown
    always = receiver("verify", good, "--job", day.jobs_file, "--color", "always")
    assert "\x1b[1;32mPASS" in always.out


def test_ctrl_c_ends_with_the_report_so_far(tmp_path: Path) -> None:
    logs, report = tmp_path / "logs", tmp_path / "r.json"
    batch(logs)
    endless = batch(logs, name="20261122T001600Z_20261122T001700Z_9af500e2.log.gz")
    endless.write_bytes(gzip.compress(LINE * 100_000) * 300)
    terminal = Terminal("verify", logs, "--options", OPTIONS, "-j", "1", "-o", report)
    terminal.until("1/2 objects")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "interrupted: this is what was verified by then" in terminal.shown.replace("\r\n  ", " ")
    whole = json.loads(report.read_text())
    assert (whole["verdict"], whole["totals"]["batches"]) == ("inconclusive", 1)


def test_ctrl_c_while_a_pipe_is_silent_ends_at_once() -> None:
    process = subprocess.Popen(
        [*COMMAND, "verify", "-", "--dataset", "dns_logs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    written = process.stdin.fileno()
    for _ in range(40):  # more than the pipe holds: once it is taken, the command is reading
        os.write(written, gzip.compress(b"")[:10] + bytes(4096))
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"interrupted" in out


# --- starting ---


@pytest.mark.parametrize("asks", ["--help", "verify"])
def test_no_cloud_driver_is_loaded_where_none_is_needed(asks: str, tmp_path: Path) -> None:
    arguments = ["verify", str(batch(tmp_path)), "--options", OPTIONS]
    code = (
        "import sys, atexit\n"
        f"sys.argv = ['logpush-receiver', *{arguments if asks == 'verify' else [asks]}]\n"
        "atexit.register(lambda: print('LOADED', *sys.modules, file=sys.stderr))\n"
        "from receiver.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split("LOADED")[1].split()}
    assert not loaded & set(DRIVERS)
    assert "rich.progress" not in done.stderr


def test_help_fits_80_columns_and_ends_with_examples() -> None:
    for arguments in (["--help"], ["verify", "--help"], ["explain", "--help"], ["demo", "--help"]):
        shown = receiver(*arguments).out
        assert max(map(len, shown.splitlines())) <= 80
        assert "Examples:\n" in shown
        assert shown.rstrip().splitlines()[-1].strip().startswith("logpush-receiver")


def test_version() -> None:
    assert re.fullmatch(r"logpush-receiver, version \d+\.\d+\.\d+\S*\n", receiver("--version").out)


def test_the_command_alone_shows_help() -> None:
    ended = receiver()
    assert ended.code == 2
    assert "Usage: logpush-receiver" in ended.err


def test_days_far_away_are_no_accident(day: DemoDay, yesterday: date) -> None:
    span = ("--from", str(yesterday - timedelta(days=3)), "--to", str(yesterday))
    assert receiver("verify", "--job", day.jobs_file, *span).code == 4
