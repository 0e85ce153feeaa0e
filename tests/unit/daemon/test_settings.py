"""One TOML file, strictly read: what is sound is as written, and every mistake is told at once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from receiver.api.scope import Scope
from receiver.daemon.settings import LogFormat, Settings, read_settings
from receiver.errors import ConfigError, SettingsInvalid
from tests.unit.daemon.configuring import KEY, SMALLEST, fields, write

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
SECRET = "PLANTED-secret-of-the-test"


def settings(folder: Path, text: str = SMALLEST, **jobs: Any) -> Settings:
    return read_settings(write(folder, text, **jobs))


def added(table: str, line: str) -> str:
    """The smallest configuration with a line more."""
    if f"[{table}]" in SMALLEST:
        return SMALLEST.replace(f"[{table}]\n", f"[{table}]\n{line}\n")
    return f"{SMALLEST}\n[{table}]\n{line}\n"


def mistakes(folder: Path, text: str, **jobs: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as raised:
        settings(folder, text, **jobs)
    assert "PLANTED" not in str(raised.value)
    assert str(raised.value).startswith(str(folder / "receiver.toml"))
    return raised.value.mistakes


class TestASoundFile:
    def test_the_smallest_one_works_as_it_stands(self, tmp_path: Path) -> None:
        found = settings(tmp_path)
        assert found.ledger.url.reveal() == f"sqlite:///{tmp_path}/receiver.db"
        assert (found.status.listen.host, found.status.listen.port) == ("127.0.0.1", 8788)
        assert [job.id for job in found.jobs[0].fixed] == [146]
        assert found.warnings == ()
        assert KEY not in repr(found)

    def test_every_setting_is_read_in_its_unit(self, tmp_path: Path) -> None:
        text = (
            SMALLEST
            + """
[log]
format = "text"
[watch]
lateness = "2d"
poll_min = "5s"
poll_max = "5m"
[intake]
processes = 3
memory = "64 MiB"
tries = 2
park_after = "90s"
"""
        )
        found = settings(tmp_path, text)
        assert found.log.format is LogFormat.TEXT
        assert found.watch.lateness == timedelta(days=2)
        assert found.watch.poll_min == timedelta(seconds=5)
        assert found.intake.processes == 3
        assert found.intake.memory == 64 << 20
        assert found.intake.park_after == timedelta(seconds=90)

    @pytest.mark.parametrize(
        ("size", "count"), [("16MiB", 16 << 20), ("1 GiB", 1 << 30), ("20 MB", 20_000_000)]
    )
    def test_sizes_have_units(self, tmp_path: Path, size: str, count: int) -> None:
        assert settings(tmp_path, added("intake", f'memory = "{size}"')).intake.memory == count

    def test_a_file_of_several_jobs_may_be_narrowed(self, tmp_path: Path) -> None:
        several = [fields(), fields(id=147, dataset="dns_logs", logpull_options=""), fields(id=148)]
        text = SMALLEST + 'dataset = "http_requests"\nids = [146, 147]\n'
        found = settings(tmp_path, text, job=several)
        (source,) = found.jobs
        assert [job.id for job in source.chosen(source.fixed)] == [146]

    def test_a_job_that_does_not_say_so_is_enabled(self, tmp_path: Path) -> None:
        silent = {key: value for key, value in fields().items() if key != "enabled"}
        found = settings(tmp_path, job={"result": [silent, fields(id=147, enabled=False)]})
        assert [job.enabled for job in found.jobs[0].fixed] == [True, False]

    def test_a_job_may_be_written_out_with_its_conf_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CONF", f"s3://b/p?secret-access-key={SECRET}")
        text = SMALLEST.replace(
            'file = "job.json"',
            'job = { id = 7, dataset = "dns_logs", destination_conf = "env:CONF" }',
        )
        found = settings(tmp_path, text)
        (job,) = found.jobs[0].fixed
        assert (job.id, job.enabled) == (7, True)
        assert job.destination_conf is not None
        assert job.destination_conf.reveal().endswith(SECRET)
        assert SECRET not in repr(found)

    def test_jobs_may_come_from_the_api(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text(f"{SECRET}\n")
        text = SMALLEST.replace(
            'file = "job.json"',
            f'zone = "{ZONE}"\napi_url = "http://127.0.0.1:8787"\ntoken = "@token"\nrefresh = "1m"',
        )
        (source,) = settings(tmp_path, text).jobs
        assert source.scope == Scope(kind="zone", id=ZONE)
        assert str(source.base_url) == "http://127.0.0.1:8787/client/v4"
        assert source.credentials is not None
        assert source.credentials.secrets() == [SECRET]
        assert source.name == f"zone {ZONE} at 127.0.0.1:8787"
        assert SECRET not in repr(source)

    def test_a_ledger_on_a_server_is_named_without_its_password(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("URL", f"postgresql://me:{SECRET}@db/receiver")
        found = settings(tmp_path, SMALLEST.replace("sqlite:///receiver.db", "env:URL"))
        assert found.ledger.name == "postgresql://db/receiver"
        assert found.warnings == ()
        literal = f"postgresql://me:{SECRET}@db/receiver"
        found = settings(tmp_path, SMALLEST.replace("sqlite:///receiver.db", literal))
        assert "a password stands in the file" in found.warnings[0]
        assert SECRET not in repr(found)

    def test_others_may_ask_where_they_say_who_they_are(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TOKEN", SECRET)
        text = added("status", 'token = "env:TOKEN"').replace("127.0.0.1:8788", "0.0.0.0:80")
        assert settings(tmp_path, text).status.guarded
        loopback = SMALLEST.replace("127.0.0.1:8788", "[::1]:8788")
        assert str(settings(tmp_path, loopback).status.listen) == "[::1]:8788"


class TestAMistake:
    def test_all_of_them_are_told_at_once(self, tmp_path: Path) -> None:
        text = """
legder = 1
[ledger]
ulr = "sqlite:///receiver.db"
keep_reports = 30
[status]
listen = 8788
[watch]
poll_min = "2m"
poll_max = "1m"
"""
        assert mistakes(tmp_path, text) == (
            "the file: unknown key 'legder'; did you mean ledger?",
            "[ledger]: unknown key 'ulr'; did you mean url?",
            (
                '[ledger] keep_reports: it is a whole number; write a duration: "90s", "5m", "24h"'
                ' or "30d", above 0 and ten years at most'
            ),
            "[ledger] url: it is missing",
            (
                '[status] listen: it is a whole number; write HOST:PORT, as "127.0.0.1:8788" or'
                ' "[::1]:8788"'
            ),
            "[watch] poll_min: it is above poll_max; write the shorter one here",
            'no jobs are named; begin with [[jobs]] and file = "job.json"',
        )

    @pytest.mark.parametrize(
        ("table", "line", "said"),
        [
            ("watch", 'lateness = "a day"', "no such text; write a duration"),
            ("watch", 'lateness = "0s"', "no such text; write a duration"),
            ("watch", 'lateness = "500d"', "400d at most"),
            ("watch", "lateness = 2026-11-22", "a date or time; write a duration"),
            ("intake", "memory = 1.5", "a number; write a number of bytes"),
            ("intake", 'memory = "1 MiB"', "write 16 MiB or more"),
            ("intake", "processes = 0", "out of range; write 1 or more"),
            ("intake", "processes = true", "true or false; write 1 or more"),
            ("intake", 'tries = ""', "empty; write 1 or more"),
            ("log", 'format = "xml"', 'no such text; write "json" or "text"'),
            ("log", "level = {}", 'a table; write "debug" or'),
            ("status", 'user = "me"', "password: it is missing, and user is there"),
            ("status", f'password = "{SECRET}"', 'a secret stands in the file; .*"env:NAME"'),
            ("status", 'password = "env:NOT_SET_BY_ANYBODY"', "the variable is not set"),
            ("status", 'token = "@nowhere"', "nowhere: No such file"),
            ("status", "token = []", 'a list; write "env:NAME"'),
            ("status", f"{SECRET[:3]}x = 1", "unknown key"),
        ],
    )
    def test_it_names_the_key_the_kind_and_the_remedy(
        self, tmp_path: Path, table: str, line: str, said: str
    ) -> None:
        (mistake, *_) = mistakes(tmp_path, added(table, line))
        assert mistake.startswith(f"[{table}]")
        with pytest.raises(ConfigError, match=said):
            raise ConfigError(mistake)

    @pytest.mark.parametrize("line", ['keep_entries = "1m"', 'keep_entries = "71h"'])
    def test_nothing_is_forgotten_while_its_folder_is_looked_at(
        self, tmp_path: Path, line: str
    ) -> None:
        (said,) = mistakes(tmp_path, added("ledger", line))
        assert said.startswith("[ledger] keep_entries: write [watch] lateness and two days")
        assert settings(tmp_path, added("ledger", 'keep_entries = "72h"')).warnings

    @pytest.mark.parametrize("listen", ["0.0.0.0:8788", "[::]:8788", "receiver.example.com:80"])
    def test_nobody_else_may_ask_without_saying_who_they_are(
        self, tmp_path: Path, listen: str
    ) -> None:
        (mistake,) = mistakes(tmp_path, SMALLEST.replace("127.0.0.1:8788", listen))
        assert "others than this machine can ask there: add user and password" in mistake

    @pytest.mark.parametrize("listen", ["8788", "localhost", "h:99999", "[::g]:1", "a b:1", "h:-1"])
    def test_an_address_that_is_none_is_refused(self, tmp_path: Path, listen: str) -> None:
        (mistake,) = mistakes(tmp_path, SMALLEST.replace("127.0.0.1:8788", listen))
        assert "write HOST:PORT" in mistake

    @pytest.mark.parametrize("url", ["receiver.db", "mysql://me:PLANTED@h/d", "sqlite:///", ""])
    def test_a_ledger_of_no_kind_is_refused(self, tmp_path: Path, url: str) -> None:
        (mistake,) = mistakes(tmp_path, SMALLEST.replace("sqlite:///receiver.db", url))
        assert mistake.startswith("[ledger] url: ")

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ("", "[[jobs]] 1: it names no jobs; write one of"),
            (f'file = "job.json"\nzone = "{ZONE}"', "[[jobs]] 1: it has file and zone; write one"),
            ('file = "job.json"\nrefresh = "1m"', "[[jobs]] 1 refresh: it goes with zone or"),
            ('file = "jobs.json"', "jobs.json: No such file or directory; name a file of jobs"),
            ('file = "job.json"\nids = [146, 9]', "[[jobs]] 1 ids: there is no job 9"),
            ('file = "job.json"\nids = 146', "[[jobs]] 1 ids: it is a whole number; write a list"),
            ('file = "job.json"\ndataset = "dns_logs"', "dataset: none of the jobs is of it"),
            ('file = "job.json"\nendpoint_url = "minio:9000"', "endpoint_url: the value: no addr"),
            ('file = "job.json"\nendpoint_url = "http://a:PLANTED@h"', "more than an address"),
            ('job = "job.json"', "[[jobs]] 1 job: it is no such text; write the job as the API"),
            ("job = { x = 1 }", "[[jobs]] 1 job: the job: a job is a JSON object with keys"),
            (f'zone = "{ZONE}"', "[[jobs]] 1 token: nothing says who asks the API"),
            (f'zone = "{ZONE}"\ntoken = "{SECRET}"', "[[jobs]] 1 token: a secret stands in"),
            (f'zone = "{ZONE}"\ntoken = "@job.json"', "1 token: it holds a character that no"),
            ('account = "acme"', "[[jobs]] 1: account 'acme': an id has up to 32"),
            (f'zone = "{ZONE}"\napi_url = "http://h"', "api_url: it would send the credentials"),
        ],
    )
    def test_each_source_of_jobs_is_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, said: str
    ) -> None:
        for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        found = mistakes(tmp_path, SMALLEST.replace('file = "job.json"', lines))
        assert any(said in each for each in found), found

    def test_a_file_of_no_jobs_is_named(self, tmp_path: Path) -> None:
        (mistake,) = mistakes(tmp_path, SMALLEST, job=[])
        assert mistake.endswith("job.json: there is no job in it")

    @pytest.mark.parametrize(
        ("plain", "said"),
        [
            (b"[ledger", "not TOML that can be read: "),
            (b"\xff\xfe", "it is not UTF-8"),
            (b"a = " + b"[" * 5000, "not TOML that can be read"),
            (b"#" * (1 << 20) + b"##", "more than 1,048,576 bytes"),
            (b"jobs = 1", "no jobs are named"),
            (b"jobs = [1]", r"\[\[jobs\]\] 1: it is a whole number; it is a table"),
            (b"ledger = 1", r"\[ledger\]: it is a whole number; it is a table"),
        ],
    )
    def test_a_file_that_is_none_is_refused(self, tmp_path: Path, plain: bytes, said: str) -> None:
        path = tmp_path / "receiver.toml"
        path.write_bytes(plain)
        with pytest.raises(SettingsInvalid, match=said):
            read_settings(path)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsInvalid, match=r"receiver\.toml: No such file"):
            read_settings(tmp_path / "receiver.toml")
        with pytest.raises(SettingsInvalid, match="Is a directory"):
            read_settings(tmp_path)
