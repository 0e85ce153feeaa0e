"""`ledger` as people, scripts and auditors use it: on SQLite, and one round on PostgreSQL."""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from receiver.check.report import Report, Verdict
from receiver.ledger.ledger import Judgement, Ledger
from receiver.store.store import Object
from tests.e2e.asking import MEASURED, Asker, kib_of
from tests.e2e.command import Ended, Terminal
from tests.e2e.remembering import MIDNIGHT, Remembered, body, name
from tests.servers.postgres import PASSWORD, PostgresServer

NAMES = ("key", "etag", "job", "verdict", "records", "window", "arrived_at", "judged_at")
SPOILED = 3
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    asker = Asker(tmp_path)
    asker.secrets.append(PASSWORD)
    return asker


@pytest.fixture
def day(tmp_path: Path) -> Remembered:
    """Eight batches, one of them spoiled, all judged."""
    made = Remembered(tmp_path)
    made.write(*range(8), spoiled={SPOILED})
    assert made.judge() == 8
    return made


def said(ended: Ended, code: int) -> Ended:
    """What ended so, its lines of 80 columns, colour or not."""
    assert ended.code == code, ended
    for line in COLOUR.sub("", ended.out).splitlines():
        assert cell_len(line) <= 80, line
    return ended


def shown(ask: Asker, *arguments: str | Path, code: int = 0) -> str:
    return said(ask("ledger", *arguments), code).out


def loaded(ask: Asker, *arguments: str, code: int = 0) -> Any:
    ended = ask("ledger", *arguments, "--format", "json")
    assert ended.code == code, ended
    return json.loads(ended.out)


# --- list ---


def test_list_has_one_line_for_each_entry(ask: Asker, day: Remembered) -> None:
    lines = ask("ledger", "list").out.splitlines()
    assert len(lines) == 8
    assert [line.split()[-1] for line in lines] == [name(number) for number in range(8)]
    assert [line.split()[1] for line in lines].count("fail") == 1
    assert f"{MIDNIGHT:%Y-%m-%d} 00:45" in lines[SPOILED]


def test_on_a_terminal_the_list_has_a_header_and_80_columns(ask: Asker, day: Remembered) -> None:
    terminal = Terminal("ledger", "list", "--config", day.config, environment=ask.environment)
    assert terminal.end() == 0
    header, *lines = COLOUR.sub("", terminal.shown).splitlines()
    assert header.split() == ["id", "verdict", "window", "(UTC)", "job", "records", "key"]
    assert len(lines) == 8
    assert all(cell_len(line) <= 80 for line in lines)
    assert f"{MIDNIGHT:%Y-%m-%d} 00:45" in lines[SPOILED]
    assert lines[SPOILED].index(f"{MIDNIGHT:%Y}") == header.index("window")


def test_list_as_json_is_an_array_of_all_that_is_known(ask: Asker, day: Remembered) -> None:
    entries = loaded(ask, "list")
    assert [each["key"] for each in entries] == [name(number) for number in range(8)]
    assert tuple(entries[0])[: len(NAMES)] == NAMES
    assert entries[SPOILED]["verdict"] == "fail"
    assert entries[0]["window"] == [
        f"{MIDNIGHT:%Y-%m-%dT00:00:00Z}",
        f"{MIDNIGHT:%Y-%m-%dT00:15:00Z}",
    ]
    assert entries[0]["digest"] == hashlib.sha256(body(0)).hexdigest()


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (["--verdict", "fail"], [SPOILED]),
        (["--job", "146", "--limit", "2"], [0, 1]),
        (["--job", "7"], []),
        (["--newest", "--limit", "1"], [7]),
        (["--state", "parked"], []),
        (["--state", "judged"], list(range(8))),
        (["--key", name(5)], [5]),
        (["--from", f"{MIDNIGHT + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"], [4, 5, 6, 7]),
        (
            ["--from", f"{MIDNIGHT:%Y-%m-%d}", "--to", f"{MIDNIGHT:%Y-%m-%dT00:30Z}"],
            [0, 1],
        ),
        (["--place", "s3://nowhere/else"], []),
    ],
)
def test_list_gives_what_is_asked_for(
    filters: list[str], numbers: list[int], ask: Asker, day: Remembered
) -> None:
    assert [each["key"] for each in loaded(ask, "list", *filters)] == list(map(name, numbers))


def test_a_place_is_named_as_the_job_names_it_or_as_the_json_does(
    ask: Asker, day: Remembered
) -> None:
    identity = loaded(ask, "list", "--limit", "1")[0]["place"]
    for place in (identity, f"file://{day.logs}/{{DATE}}"):
        assert len(loaded(ask, "list", "--place", place)) == 8


def test_what_waits_is_listed_by_the_window_of_its_name(ask: Asker, day: Remembered) -> None:
    day.write(8)

    async def see(ledger: Ledger) -> None:
        entries = [each async for each in ledger.entries(limit=1)]
        path = day.path(8)
        obj = Object(
            key=name(8), etag="e", stored_bytes=9, arrived_at=MIDNIGHT + timedelta(hours=3)
        )
        assert path.exists()
        await ledger.see(entries[0].place, [obj], now=MIDNIGHT + timedelta(hours=3))

    day.ledger(see)
    asked = ("list", "--from", f"{MIDNIGHT + timedelta(hours=2):%Y-%m-%dT%H:%MZ}")
    assert [each["state"] for each in loaded(ask, *asked)] == ["waiting"]
    assert "waiting" in ask("ledger", *asked).out


def test_what_has_no_window_is_listed_by_its_arrival(ask: Asker, day: Remembered) -> None:
    noon = MIDNIGHT + timedelta(hours=12)
    found = [
        Object(key=key, etag="e", stored_bytes=9, arrived_at=noon + number * timedelta(hours=1))
        for number, key in enumerate(("judged.gz", "waiting.gz", "later.gz"))
    ]

    async def see(ledger: Ledger) -> None:
        await ledger.see("s3://acme/x/", found[:1], now=noon)
        (claim,) = await ledger.claim(
            "s3://acme/x/", owner="a", now=noon, until=noon, entries_max=1, bytes_max=9
        )
        report = Report(
            key="judged.gz", job=1, verdict=Verdict.FAIL, records=1, plain_bytes=9,
            compressed_bytes=9, window=None, event_time=None, findings=(), notes=(),
        )  # fmt: skip
        await ledger.record(claim, Judgement(report=report, etag="e", digest="d"), now=noon)
        await ledger.see("s3://acme/x/", found[1:], now=noon)

    day.ledger(see)
    asked = ("list", "--from", f"{noon:%Y-%m-%dT%H:%MZ}", "--to", f"{noon:%Y-%m-%dT14:00Z}")
    assert [each["key"] for each in loaded(ask, *asked)] == ["judged.gz", "waiting.gz"]
    assert [each["key"] for each in loaded(ask, *asked, "--verdict", "fail")] == ["judged.gz"]


def test_long_and_hostile_keys_stay_in_their_line(ask: Asker, day: Remembered) -> None:
    key = "k" * 300 + "\n\x1b[31m\u202e" + chr(0xD800) + "資料" * 40 + ".log.gz"

    async def see(ledger: Ledger) -> None:
        obj = Object(key=key, etag="e", stored_bytes=9, arrived_at=MIDNIGHT)
        await ledger.see("s3://acme/x/", [obj], now=MIDNIGHT)

    day.ledger(see)
    asked = ("list", "--state", "waiting", "--color", "always")
    (line,) = COLOUR.sub("", ask("ledger", *asked).out).splitlines()
    assert "\x1b" not in line
    terminal = Terminal("ledger", *asked, "--config", day.config, environment=ask.environment)
    assert terminal.end() == 0
    _, cut = COLOUR.sub("", terminal.shown).splitlines()
    assert cell_len(cut) <= 80
    assert "\x1b" not in cut
    assert loaded(ask, "list", "--state", "waiting")[0]["key"] == key


def test_a_reader_that_has_had_enough_ends_the_list_well(day: Remembered, tmp_path: Path) -> None:
    command = f"{sys.executable} -m receiver.cli.main ledger list --config {day.config} | head -1"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode in {0, 141}
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_a_long_list_takes_no_more_memory_than_a_short_one(ask: Asker, day: Remembered) -> None:
    short = kib_of(ask("ledger", "list", within=MEASURED))
    with sqlite3.connect(day.home / "receiver.db") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(ledger_entry)")]
        rest = ", ".join(each for each in columns if each not in {"id", "key"})
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<30000)"
            f" INSERT INTO ledger_entry (key, {rest})"
            f" SELECT key || i, {rest} FROM ledger_entry, n WHERE id=1"
        )
    ended = ask("ledger", "list", within=MEASURED)
    assert len(ended.out.splitlines()) == 30008
    assert kib_of(ended) < short + 16 * 1024


# --- show ---


def test_show_tells_all_and_the_report_as_verify_does(ask: Asker, day: Remembered) -> None:
    out = shown(ask, "show", name(SPOILED))
    assert f"sha256    {hashlib.sha256(body(SPOILED, spoiled=True)).hexdigest()}\n" in out
    asked = ("verify", f"file://{day.logs}/{{DATE}}", "--job", day.job_file)
    verified = ask(*asked).out
    finding = verified[verified.index("field-missing") : verified.index("\nNote: ")]
    assert out.endswith(finding)
    number = loaded(ask, "list", "--verdict", "fail")[0]["id"]
    assert shown(ask, "show", str(number)) == out
    whole = loaded(ask, "show", str(number))
    assert whole["report"]["findings"][0]["code"] == "field-missing"
    assert whole["others"] == []


def test_show_names_what_the_name_held_before(ask: Asker, day: Remembered) -> None:
    day.write(2, records=9)
    assert day.judge() == 1
    out = shown(ask, "show", name(2))
    assert "The name has had 1 other content, the newest first:" in out
    whole = loaded(ask, "show", name(2))
    (other,) = whole["others"]
    assert (whole["records"], other["records"]) == (9, 3)
    assert whole["rewrites"] == other["etag"]


def test_show_of_what_is_not_there_says_so(ask: Asker, day: Remembered) -> None:
    for unknown in ("nothing.log.gz", "4711"):
        ended = said(ask("ledger", "show", unknown), 1)
        assert f"{unknown}: the ledger has no such object" in ended.err


# --- export ---


def test_an_export_is_checked_by_itself_and_against_the_ledger(ask: Asker, day: Remembered) -> None:
    day.seal()
    shown(ask, "export", "-o", "manifest.ndjson")
    lines = (day.home / "manifest.ndjson").read_text().splitlines()
    segment = json.loads(lines[0])
    assert segment["entries"] == 8
    sealed = f"{segment['previous']}\n{segment['lines']}".encode()
    assert hashlib.sha256(sealed).hexdigest() == segment["hash"]
    assert [json.loads(line)["key"] for line in segment["lines"].splitlines()] == list(
        map(name, range(8))
    )
    assert ask("ledger", "export").out == "".join(f"{line}\n" for line in lines)
    assert shown(ask, "export", "--check", "manifest.ndjson").startswith("PASS  1 segment, 8 ")
    day.write(8)
    day.judge()
    day.seal()
    out = " ".join(shown(ask, "export", "--check", "manifest.ndjson").split())
    assert "the ledger has 1 segment more since" in out


def test_an_exported_line_that_was_altered_is_found_offline(ask: Asker, day: Remembered) -> None:
    day.seal()
    shown(ask, "export", "-o", "manifest.ndjson")
    path = day.home / "manifest.ndjson"
    path.write_text(path.read_text().replace('\\"verdict\\":\\"fail', '\\"verdict\\":\\"pass'))
    day.config.unlink()
    out = shown(ask, "export", "--check", "manifest.ndjson", "--offline", code=1)
    assert "its lines are not those that were sealed" in " ".join(out.split())


def test_a_ledger_that_was_rewritten_differs_from_what_was_exported(
    ask: Asker, day: Remembered
) -> None:
    day.seal()
    shown(ask, "export", "-o", "manifest.ndjson")
    (day.home / "receiver.db").unlink()
    for path in day.home.glob("receiver.db-*"):
        path.unlink()
    day.judge()
    day.seal()  # the same objects, judged at another time: a chain that holds, and another one
    assert "The chain holds" in shown(ask, "prove")
    out = " ".join(shown(ask, "export", "--check", "manifest.ndjson", code=1).split())
    assert "segment 1" in out
    assert f"the ledger has another one, from {name(0)} on" in out.replace("log. gz", "log.gz")
    assert loaded(ask, "export", "--check", "manifest.ndjson", code=1)["problems"]


def test_a_file_that_is_no_manifest_is_named(ask: Asker, day: Remembered) -> None:
    (day.home / "no.ndjson").write_text('{"number": 1\n')
    out = shown(ask, "export", "--check", "no.ndjson", "--offline", code=1)
    assert "line 1 of the file is no segment" in out
    assert ask("ledger", "export", "--check", "gone.ndjson").code == 2


# --- prune ---


def test_prune_forgets_what_is_kept_no_longer(ask: Asker, day: Remembered) -> None:
    day.seal()
    day.config.write_text(day.config.read_text().replace("[status]", "entries_max = 5\n[status]"))
    assert loaded(ask, "prune", "--dry-run")["entries"] == 0
    assert "all of it stays" in shown(ask, "prune")  # for as long as it may be listed
    with sqlite3.connect(day.home / "receiver.db") as database:
        days = timedelta(days=10) // timedelta(microseconds=1)
        database.execute("UPDATE ledger_entry SET settled_at = settled_at - ?", (days,))
    assert loaded(ask, "prune", "--dry-run")["entries"] == 3
    assert len(loaded(ask, "list")) == 8
    assert "About 0 reports and 3 entries" in shown(ask, "prune", "--dry-run")
    assert loaded(ask, "prune")["forgotten"] >= 3
    assert len(loaded(ask, "list")) == 5
    assert "all of it stays" in shown(ask, "prune")


# --- prove ---


def test_what_is_as_it_was_is_proved(ask: Asker, day: Remembered) -> None:
    day.seal()
    out = shown(ask, "prove", "--from", "-3d")
    assert out.startswith("The chain holds: 1 segment, 8 judgements\n")
    assert out.endswith("PASS  8 as they were judged\n")
    whole = loaded(ask, "prove")
    assert whole["totals"]["same"] == len(whole["objects"]) == 8
    assert {each["segment"] for each in whole["objects"]} == {1}


def test_changed_missing_and_added_objects_are_named(ask: Asker, day: Remembered) -> None:
    day.seal()
    day.write(1, records=4)  # changed
    day.path(2).unlink()  # missing
    day.write(9)  # added
    stamp = day.path(9).stat().st_mtime
    whole = loaded(ask, "prove", code=1)
    fates = {each["key"]: each["fate"] for each in whole["objects"] if each["fate"] != "same"}
    assert fates == {name(1): "changed", name(2): "missing", name(9): "new"}
    os.utime(day.path(9), (stamp + 3600, stamp - 1200))
    with sqlite3.connect(day.home / "receiver.db") as database:  # it was kept for an hour by then
        database.execute("UPDATE ledger_segment SET start = start - 3600000000")
    out = shown(ask, "prove", code=1)
    for word in ("changed  ", "missing  ", "added  "):
        assert f"\n{word}" in out
    assert "FAIL  6 as they were judged; 1 changed; 1 missing; 1 added since" in out


def test_what_was_rewritten_and_judged_again_is_no_change(ask: Asker, day: Remembered) -> None:
    day.write(1, records=4)
    day.judge()
    day.seal()
    assert shown(ask, "prove").endswith("PASS  8 as they were judged\n")


def test_what_is_not_sealed_yet_is_said_to_be_so(ask: Asker, day: Remembered) -> None:
    day.write(4, records=7)
    out = " ".join(shown(ask, "prove", code=1).split())
    assert "no segment seals them yet" in out
    assert "(not sealed)" in out


def test_an_entry_that_tells_otherwise_than_its_segment_is_found(
    ask: Asker, day: Remembered
) -> None:
    day.seal()
    with sqlite3.connect(day.home / "receiver.db") as database:
        database.execute("UPDATE ledger_entry SET digest = 'ff' WHERE id = 1")
    out = " ".join(shown(ask, "prove", code=1).split())
    assert "the ledger's entry 1 has another digest than segment 1 has sealed" in out


def test_places_of_no_job_and_places_that_cannot_be_read_are_named(
    ask: Asker, day: Remembered
) -> None:
    day.seal()
    conf = f"file://{day.home}/elsewhere/{{DATE}}"
    before = day.job_file.read_text()
    day.job_file.write_text(before.replace(f"file://{day.logs}/{{DATE}}", conf))
    out = " ".join(shown(ask, "prove", code=3).split())
    assert "no job of the configuration writes there any more: 8 objects" in out
    day.job_file.write_text(before)
    day.logs.rename(day.home / "moved")
    assert ask("ledger", "prove").code in {1, 3}


def test_nothing_to_prove_is_inconclusive(ask: Asker, day: Remembered) -> None:
    assert "nothing of that time" in shown(
        ask, "prove", "--from", "2020-01-01", "--to", "2020-01-02", code=4
    )


# --- all ---


def test_a_ledger_that_is_not_there_is_not_made(ask: Asker, tmp_path: Path) -> None:
    Remembered(tmp_path)
    for command in ("list", "prove", "prune", "export"):
        ended = ask("ledger", command)
        assert ended.code == 3
        assert "there is no ledger yet; the daemon makes it" in " ".join(ended.err.split())
    assert not (tmp_path / "receiver.db").exists()


def test_another_programs_database_is_refused(ask: Asker, day: Remembered) -> None:
    with sqlite3.connect(day.home / "other.db") as database:
        database.execute("CREATE TABLE t (x)")
    day.write_config("sqlite:///other.db")
    ended = ask("ledger", "list")
    assert ended.code == 3
    assert "another program's database; name another file" in ended.err


def test_a_mistake_in_the_configuration_is_told(ask: Asker, tmp_path: Path) -> None:
    for command in (["ledger", "list"], ["replay", "--from", "-1h"], ["status"]):
        assert ask(*command, "--config", "gone.toml").code == 2


def test_help_ends_with_examples_and_loads_no_database(ask: Asker) -> None:
    for command in ("list", "show", "export", "prune", "prove"):
        ended = said(ask("ledger", command, "--help"), 0)
        assert "Examples:\n" in ended.out
    code = (
        "import sys, atexit\n"
        "sys.argv = ['logpush-receiver', 'ledger', 'list', '--help']\n"
        "atexit.register(lambda: print('LOADED', *sys.modules, file=sys.stderr))\n"
        "from receiver.cli.main import main\n"
        "main()\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    modules = {name.partition(".")[0] for name in done.stderr.split("LOADED")[1].split()}
    assert not modules & {"sqlalchemy", "alembic", "asyncpg", "aiosqlite", "aiohttp", "jinja2"}


def test_a_round_on_postgresql(ask: Asker, tmp_path: Path, postgres_server: PostgresServer) -> None:
    database = postgres_server.make_database()
    (tmp_path / "url").write_text(postgres_server.url(database))
    day = Remembered(tmp_path, url="@url")
    day.write(*range(8), spoiled={SPOILED})
    day.judge()
    day.seal()
    assert len(ask("ledger", "list").out.splitlines()) == 8
    assert "field-missing" in shown(ask, "show", name(SPOILED))
    shown(ask, "export", "-o", "manifest.ndjson")
    assert shown(ask, "export", "--check", "manifest.ndjson").startswith("PASS")
    assert shown(ask, "prove").endswith("PASS  8 as they were judged\n")
    day.path(2).unlink()
    assert "\nmissing  " in shown(ask, "prove", code=1)
    ended = ask("replay", "--from", f"{MIDNIGHT:%Y-%m-%d}")
    assert ended.code == 1
    assert "all of it stays" in shown(ask, "prune")
