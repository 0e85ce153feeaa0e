"""The examination of a folder, and of what cannot be examined."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.doctor.bodies import TEST_NAME, TEST_OBJECT
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.examine import examine, verdict
from receiver.errors import ConfigError

LOADED = """
import asyncio, json, sys
from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.doctor.examine import examine

asyncio.run(examine(parse_destination(sys.argv[1]), clock=SystemClock(), on_checkup=id))
drivers = {"aiobotocore", "botocore", "aiohttp", "gcsfs", "fsspec", "azure", "google", "requests"}
print(json.dumps(sorted(drivers & set(sys.modules))))
"""


async def examined(conf: str, *, write_probe: bool = False) -> dict[str, Checkup]:
    """Return the lines by name; they are handed over in the order in which they are returned."""
    handed: list[Checkup] = []
    lines = await examine(
        parse_destination(conf),
        clock=SystemClock(),
        on_checkup=handed.append,
        write_probe=write_probe,
    )
    assert tuple(handed) == lines
    return {each.name: each for each in lines}


def everything(folder: Path) -> dict[str, bytes]:
    found = folder.rglob("*")
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in found}


async def test_a_folder_of_batches_is_listed_and_read(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(b"1")
    lines = await examined(f"file://{tmp_path}")
    assert list(lines) == ["list", "read", "write", "public"]
    assert lines["list"].status is lines["read"].status is Status.PASS
    assert "1 object" in lines["list"].message


async def test_nothing_is_written_unless_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(b"1")
    before = everything(tmp_path)
    lines = await examined(f"file://{tmp_path}/{{DATE}}")
    assert lines["write"].status is Status.UNKNOWN
    assert "--write-probe" in lines["write"].remedy
    assert everything(tmp_path) == before


async def test_a_write_probe_leaves_logpushs_own_test_object_in_todays_folder(
    tmp_path: Path,
) -> None:
    lines = await examined(f"file://{tmp_path}/{{DATE}}", write_probe=True)
    assert lines["write"].status is Status.PASS
    assert "read back" in lines["write"].message
    day = f"{SystemClock().now():%Y%m%d}"
    assert (tmp_path / day / TEST_NAME).read_bytes() == TEST_OBJECT
    assert lines["read"].status is Status.PASS


async def test_an_empty_folder_has_nothing_to_read_yet(tmp_path: Path) -> None:
    lines = await examined(f"file://{tmp_path}")
    assert lines["list"].status is Status.PASS
    assert lines["read"].status is Status.UNKNOWN
    assert lines["read"].message == "There is nothing to read yet."


def azure(sas: str) -> str:
    return f"azure://a.blob.core.windows.net/c?sv=1&ss=b&sp=w&{sas}&sig=x"


async def test_what_the_sas_is_for_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_store(*_: object, **__: object) -> None: ...

    monkeypatch.setattr("receiver.doctor.examine.examine_store", no_store)
    assert "conf" not in await examined(azure("srt=sco"))


@pytest.mark.parametrize(
    "stored",
    [TEST_OBJECT, gzip.compress(b'{"content":"test"}\n', 1), b"test", b'{"content":"tests"}\n'],
)
async def test_a_write_probe_takes_the_place_of_any_test_of_logpushs(
    tmp_path: Path, stored: bytes
) -> None:
    (tmp_path / TEST_NAME).write_bytes(stored)
    lines = await examined(f"file://{tmp_path}", write_probe=True)
    assert lines["write"].status is Status.PASS
    assert (tmp_path / TEST_NAME).read_bytes() == TEST_OBJECT


@pytest.mark.parametrize(
    "stored", [b"", b"mine", gzip.compress(b"mine"), gzip.compress(b"\0" * 10**7), TEST_OBJECT[:9]]
)
async def test_a_write_probe_takes_the_place_of_nothing_else(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / TEST_NAME).write_bytes(stored)
    lines = await examined(f"file://{tmp_path}", write_probe=True)
    assert lines["write"].status is Status.UNKNOWN
    assert f"{TEST_NAME} is there, and it is not Logpush's test" in lines["write"].message
    assert "move it" in lines["write"].remedy
    assert (tmp_path / TEST_NAME).read_bytes() == stored


async def test_a_name_is_one_word_of_a_line_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "x\n  ::error::owned.log.gz").write_bytes(b"1")
    (tmp_path / "y\n  ::error::owned.log.gz").symlink_to(tmp_path / "nowhere")
    tmp_path.chmod(0o777)
    for line in (await examined(f"file://{tmp_path}")).values():
        assert "\n" not in line.message
        assert "  " not in line.message


async def test_what_logpush_does_in_buckets_is_not_claimed(tmp_path: Path) -> None:
    remedy = (await examined(f"file://{tmp_path}"))["write"].remedy
    assert "they do not say" in remedy
    assert "itself" not in remedy


async def test_a_missing_folder_ends_the_examination(tmp_path: Path) -> None:
    lines = await examined(f"file://{tmp_path}/none", write_probe=True)
    assert list(lines) == ["list"]
    assert lines["list"].status is Status.FAIL
    assert "Create it" in lines["list"].remedy
    assert not (tmp_path / "none").exists()


async def test_what_the_conf_itself_has_to_say_is_a_warning(tmp_path: Path) -> None:
    lines = await examined(f"file://{tmp_path}/<DATE>")
    assert lines["conf"].status is Status.WARN
    assert "{DATE}" in lines["conf"].message


@pytest.mark.parametrize(
    "conf",
    [
        "kinesis://stream?region=eu-west-1&sts-assume-role-arn=arn",
        "bq://projects/p/datasets/d/tables/t?credentials=base64:c2VjcmV0",
        "wss://logs.cloudflare.com/instant-logs/ws/sessions/0123456789abcdef0123456789abcdef",
        "ibmcl://i.ingress.eu-de.logs.cloud.ibm.com/logs/v1/singles?ibm_api_key=c2VjcmV0",
    ],
)
async def test_where_nothing_can_be_looked_at_one_line_says_so(conf: str) -> None:
    lines = await examined(conf)
    assert [(each.name, each.status) for each in lines.values()] == [("conf", Status.UNKNOWN)]
    assert verdict(lines.values()) is Status.UNKNOWN


async def test_an_endpoint_url_for_what_is_no_store_is_refused() -> None:
    with pytest.raises(ConfigError, match="--endpoint-url"):
        await examine(
            parse_destination("https://h.example.com/"),
            clock=SystemClock(),
            on_checkup=list[Checkup]().append,
            endpoint_url="http://127.0.0.1:1",
        )


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (["pass", "unknown"], Status.PASS),
        (["pass", "warn", "unknown"], Status.WARN),
        (["unknown", "fail", "warn"], Status.FAIL),
        (["unknown"], Status.UNKNOWN),
        ([], Status.UNKNOWN),
    ],
)
def test_the_verdict_is_the_worst_of_what_was_found_out(statuses: list[str], worst: Status) -> None:
    lines = [Checkup(name="x", status=Status(each), message="") for each in statuses]
    assert verdict(lines) is worst


def test_to_examine_a_folder_loads_no_driver(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOADED, f"file://{tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
