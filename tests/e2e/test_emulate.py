"""`emulate` as a process: jobs made over HTTP, batches that arrive and are verified, signals."""

import gzip
import json
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.command import receiver
from tests.e2e.emulating import START, TOKEN, emulating, verify
from tests.e2e.serving import until

FAST = ("--start", START, "--speed", "3600", "--rate", "300")
EARLY = ("--from", "2026-11-20", "--to", "2026-11-23")


def windows(folder: Path) -> list[tuple[str, str]]:
    """The windows of the batches in a folder, in the order of their starts."""
    names = (path.name.split("_") for path in folder.rglob("*.log.gz"))
    return sorted((start, end) for start, end, _ in names)


class TestPushing:
    def test_batches_come_to_a_folder_and_pass(self, tmp_path: Path) -> None:
        conf = f"file://{tmp_path}/logs/{{DATE}}"
        with emulating(*FAST) as emulator:
            refused = emulator.ask("POST", "jobs", {"destination_conf": conf})
            assert refused["errors"][0]["code"] == 1002
            token = emulator.challenge(conf)
            emulator.create(conf, token=token, name="local")
            emulator.push_for(minutes=60)
            job = emulator.job()
            ended = emulator.end()
        assert (ended.code, ended.err) == (0, "")
        assert job["last_error"] is None
        verified = verify(job, tmp_path, *EARLY)
        assert verified.code == 0, verified
        assert verified.json["totals"]["errors"] == verified.json["totals"]["warnings"] == 0
        assert verified.json["totals"]["batches"] == len(windows(tmp_path)) > 100
        tests = [gzip.decompress(path.read_bytes()) for path in tmp_path.rglob("test.txt.gz")]
        assert tests == [b'{"content":"tests"}']

    def test_an_update_and_a_delete_are_seen_within_a_second(self, tmp_path: Path) -> None:
        conf = f"file://{tmp_path}/logs/{{DATE}}"
        with emulating(*FAST) as emulator:
            emulator.create(conf, token=emulator.challenge(conf))
            until(lambda: bool(windows(tmp_path)))
            emulator.result("PUT", "jobs/1", {"max_upload_interval_seconds": 300})
            until(lambda: windows(tmp_path)[-1][1][-5:] in {"0500Z", "1000Z"})
            emulator.result("DELETE", "jobs/1")
            emulator.end()
        found = windows(tmp_path)
        assert all(before[1] == after[0] for before, after in pairwise(found))

    def test_a_restart_goes_on_without_gap_or_repeat(self, tmp_path: Path) -> None:
        conf, kept = f"file://{tmp_path}/logs/{{DATE}}", tmp_path / "state"
        with emulating(*FAST, "--state", kept) as emulator:
            emulator.create(conf, token=emulator.challenge(conf))
            until(lambda: len(windows(tmp_path)) > 20)
            assert emulator.end().code == 0
        before = windows(tmp_path)
        again = ("--start", "2026-11-20T18:00:00Z", *FAST[2:], "--state", kept)
        with emulating(*again) as emulator:
            until(lambda: "1 so far" in "".join(emulator.out))
            emulator.push_for(minutes=30)
            assert emulator.end().code == 0
        found = windows(tmp_path)
        assert found[: len(before)] == before
        assert len(found) == len(set(found)) > len(before)
        assert all(before[1] == after[0] for before, after in pairwise(found))

    def test_the_same_seed_gives_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            conf = f"file://{tmp_path}/{name}"
            with emulating(*FAST, "--seed", "5") as emulator:
                emulator.create(conf, token=emulator.challenge(conf))
                until(lambda: (emulator.job()["last_complete"] or "") > "2026-11-20T13")
                emulator.end()
        one, two = (
            {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.log.gz")}
            for name in ("one", "two")
        )
        both = one.keys() & two.keys()
        assert len(both) > 10
        assert all(one[name] == two[name] for name in both)

    def test_a_token_from_long_ago_and_a_fast_clock_is_good_by_everybodys_clock(
        self, tmp_path: Path
    ) -> None:
        conf = f"file://{tmp_path}/logs/{{DATE}}"
        with emulating("--start", "-300d", "--speed", "100000") as emulator:
            token = emulator.challenge(conf)  # our own `token` refuses one that has expired
            emulator.create(conf, token=token)
            assert emulator.end().code == 0

    def test_records_of_ones_own_are_pushed(self, tmp_path: Path) -> None:
        records, conf = tmp_path / "own.ndjson", f"file://{tmp_path}/logs"
        records.write_text('{"RayID":"my-own-ray","EdgeEndTimestamp":"2020-01-01T00:00:00Z"}\n')
        with emulating(*FAST, "--records", records) as emulator:
            emulator.create(conf, token=emulator.challenge(conf))
            until(lambda: bool(windows(tmp_path)))
            emulator.end()
        batch = next(tmp_path.rglob("*.log.gz"))
        assert b"my-own-ray" in gzip.decompress(batch.read_bytes())

    def test_a_plan_of_faults_is_followed_and_can_be_replaced(self, tmp_path: Path) -> None:
        plan, conf = tmp_path / "plan.toml", f"file://{tmp_path}/logs"
        plan.write_text('[[fault]]\nkind = "gzip-truncated"\nevery = 10\n')
        manifest = tmp_path / "manifest.ndjson"
        with emulating(*FAST, "--faults", plan, "--manifest", manifest) as emulator:
            job_id = emulator.create(conf, token=emulator.challenge(conf))
            until(lambda: manifest.read_text().count("gzip-truncated") > 4)
            job = emulator.job(job_id)
            request = urllib.request.Request(
                f"{emulator.url}/admin/faults",
                data=b"",
                method="PUT",
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 200
            emulator.end()
        verified = verify(job, tmp_path)
        assert verified.code == 1
        found = [each for batch in verified.json["batches"] for each in batch["findings"]]
        assert {each["code"] for each in found} == {"gzip-truncated"}

    @pytest.mark.parametrize("kept", [True, False])
    def test_it_is_told_where_what_is_planted_is_noted(self, kept: bool, tmp_path: Path) -> None:
        plan, manifest = tmp_path / "plan.toml", tmp_path / "manifest.ndjson"
        plan.write_text("")
        arguments = ("--manifest", manifest) if kept else ()
        with emulating("--faults", plan, *arguments) as emulator:
            until(lambda: "the clock begins at" in "".join(emulator.out))
            said = emulator.end().out
        assert (str(manifest) in said) is kept
        assert ("noted nowhere: --manifest FILE" in said) is not kept

    def test_a_sick_destination_is_told_of_and_holds_up_nobody(self, tmp_path: Path) -> None:
        well, sick = (f"file://{tmp_path}/{name}" for name in ("well", "sick"))
        with emulating(*FAST) as emulator:
            for conf in (well, sick):
                emulator.create(conf, token=emulator.challenge(conf))
            (tmp_path / "sick").rename(tmp_path / "elsewhere")
            (tmp_path / "sick").write_text("no folder any more")
            until(lambda: bool(emulator.job(2)["last_error"]))
            done = emulator.job(1)["last_complete"]
            until(lambda: emulator.job(1)["last_complete"] > done)
            message = emulator.job(2)["error_message"]
            ended = emulator.end()
        assert message.startswith("error writing object: error uploading (logpush-receiver")
        assert ended.code == 0
        assert "job 2: error writing object" in ended.err


class TestStarting:
    @pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
    def test_credentials_are_made_and_the_line_that_is_printed_works(self) -> None:
        with emulating(credentials=()) as emulator:
            until(lambda: "X-Auth-Key" in emulator.out[-1])
            said = "".join(emulator.out)
            shell = said.partition("once):\n")[2].partition("or sign in")[0]
            done = subprocess.run(["sh", "-c", shell], capture_output=True, timeout=30, check=True)
            assert json.loads(done.stdout) == {
                "errors": [], "messages": [], "result": [], "success": True,
            }  # fmt: skip
            (token,) = re.findall(r"API_TOKEN=(.*)", said)
            headers = dict(re.findall(r"  (X-.*): (.*)", said))
            request = urllib.request.Request(f"{emulator.api}/jobs", headers=headers)
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 200
            assert not emulator.ask("GET", "jobs", token="another")["success"]
        assert said.count(token) == 1
        assert max(map(len, said.splitlines())) <= 80
        with emulating(credentials=()) as emulator:
            until(lambda: "X-Auth-Key" in emulator.out[-1])
            assert token not in emulator.end().out  # made anew each time

    def test_secrets_that_were_given_are_not_printed(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("token-in-a-file\n")
        given = ("--api-token", f"@{tmp_path / 'token'}", "--api-key", "env:KEY")
        keys = {"KEY": "me@example.com:key-in-a-variable"}
        with emulating(credentials=given, environment=keys) as emulator:
            assert emulator.ask("GET", "jobs", token="token-in-a-file")["success"]
            said = emulator.end()
        assert "in-a-file" not in said.out + said.err
        assert "in-a-variable" not in said.out + said.err

    def test_ctrl_c_interrupts_it(self) -> None:
        with emulating() as emulator:
            ended = emulator.end(signal.SIGINT)
        assert ended.code == 130
        assert "interrupted" in ended.err

    def test_a_clock_that_passes_the_real_time_is_told_of_once(self) -> None:
        with emulating("--start", "-60s", "--speed", "1000") as emulator:
            until(lambda: bool(emulator.err))
            ended = emulator.end()
        assert ended.err.count("has passed the real time") == 1

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--listen", "0.0.0.0:0"), "--listen-anywhere"),
            (("--listen", "8787"), "HOST:PORT"),
            (("--start", "soon"), "--start 'soon'"),
            (("--speed", "0"), "--speed"),
            (("--state", "x", "--ephemeral"), "--ephemeral"),
            (("--zone", "mine"), "32 hexadecimal digits"),
            (("--api-key", "nocolon"), "EMAIL:KEY"),
            (("--faults", "/nowhere/plan.toml"), "/nowhere/plan.toml"),
            (("--records", "/nowhere/own.ndjson"), "/nowhere/own.ndjson"),
            (("--state", "/nowhere/state"), "/nowhere/state"),
        ],
    )
    def test_what_cannot_be_is_refused(self, arguments: tuple[str, ...], said: str) -> None:
        refused = receiver("emulate", *arguments)
        assert refused.code == 2, refused
        assert said in refused.err

    @pytest.mark.parametrize(
        ("option", "text", "said"),
        [
            ("--faults", '[[fault]]\nkind = "gapp"', 'unknown kind "gapp": did you mean gap?'),
            ("--records", '{"RayID":"1"}\n{"planted', "line 2: not JSON that can be read"),
            ("--records", "\n", "there is no record in it"),
            ("--state", "mine, and no database at all", "no SQLite file"),
            ("--manifest", "mine, and no manifest", "this is no manifest"),
        ],
    )
    def test_a_file_that_is_something_else_is_refused_and_left_as_it_is(
        self, option: str, text: str, said: str, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text(text)
        refused = receiver("emulate", "--listen", "127.0.0.1:0", option, tmp_path / "file")
        assert refused.code == 2, refused
        assert said in refused.err
        assert "planted" not in refused.err
        assert (tmp_path / "file").read_text() == text

    def test_a_state_that_another_has_open_is_refused(self, tmp_path: Path) -> None:
        with emulating("--state", tmp_path / "state"):
            again = receiver("emulate", "--listen", "127.0.0.1:0", "--state", tmp_path / "state")
        assert again.code == 2
        assert "another process has the state open" in again.err

    def test_a_port_that_is_taken_is_told(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            refused = receiver("emulate", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        assert refused.code == 2
        assert "another address or port" in refused.err
