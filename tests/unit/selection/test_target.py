"""What an operator may name as a source, and what is made of it."""

import os
from pathlib import Path

import msgspec
import pytest

from receiver.clock import SystemClock
from receiver.errors import DestinationInvalid, SelectionInvalid
from receiver.job.expect import expectation
from receiver.job.job import Job
from receiver.secret import Secret
from receiver.selection.target import Target, target_of_source, targets_of_jobs
from tests.servers.s3 import S3Server
from tests.unit.sweeping import HTTP, SPECTRUM, name, write

NAME = name("20261122T1015")


async def of(source: object, *, endpoint_url: str | None = None) -> Target:
    return await target_of_source(
        str(source), expectations=[HTTP], span=None, clock=SystemClock(), endpoint_url=endpoint_url
    )


async def test_a_folder_is_a_copy_with_all_that_lies_below_it(tmp_path: Path) -> None:
    found = await of(tmp_path)
    assert (found.destination.bucket, found.destination.path) == (str(tmp_path), "")
    assert found.copy
    assert found.keys == ()


async def test_a_file_is_its_folder_and_its_name(tmp_path: Path) -> None:
    found = await of(write(tmp_path / "logs" / NAME))
    assert found.destination.bucket == str(tmp_path / "logs")
    assert found.keys == (NAME,)


async def test_a_file_in_a_day_folder_keeps_its_day(tmp_path: Path) -> None:
    found = await of(write(tmp_path / "20261122" / NAME))
    assert found.destination.bucket == str(tmp_path)
    assert found.keys == (f"20261122/{NAME}",)


async def test_a_path_is_relative_to_where_we_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "logs" / NAME)
    monkeypatch.chdir(tmp_path / "logs")
    assert (await of(".")).destination.bucket == str(tmp_path / "logs")
    assert (await of(NAME)).destination.bucket == str(tmp_path / "logs")
    assert (await of(f"../logs/{NAME}")).keys == (NAME,)


async def test_of_a_link_to_a_file_the_name_that_was_given_is_the_key(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "other")
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere" / "other")
    assert (await of(tmp_path / NAME)).keys == (NAME,)


async def test_letters_of_a_token_in_a_local_path_are_only_letters(tmp_path: Path) -> None:
    write(tmp_path / "{DATE}" / NAME)
    found = await of(tmp_path / "{DATE}")
    assert not found.destination.dated
    assert found.destination.bucket == str(tmp_path / "{DATE}")


async def test_a_path_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SelectionInvalid, match="no such file or folder; check the path"):
        await of(tmp_path / "no-such")
    with pytest.raises(SelectionInvalid, match="is written file:///folder/"):
        await of(tmp_path / "{DATE}")
    with pytest.raises(SelectionInvalid, match="no such file or folder"):
        await of("")
    with pytest.raises(SelectionInvalid, match="no such file or folder"):
        await of(f"file://{tmp_path}/no-such")


async def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SelectionInvalid, match="write - for a pipe"):
        await of(tmp_path / "pipe")


async def test_a_file_url_names_a_folder_or_a_file_or_a_conf(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    assert (await of(f"file://{tmp_path}")).keys == ()
    found = await of(f"file://{tmp_path}/{NAME}")
    assert (found.destination.bucket, found.keys) == (str(tmp_path), (NAME,))
    assert (await of(f"file://{tmp_path}/{{DATE}}")).destination.dated


async def test_a_misspelt_conf_is_refused_as_a_conf() -> None:
    with pytest.raises(DestinationInvalid, match="is not a scheme of Logpush"):
        await of("s33://logs/http")


async def test_a_place_that_cannot_be_read_back_is_refused() -> None:
    with pytest.raises(SelectionInvalid, match="cannot be read back; name a copy"):
        await of("https://logs.example.com/in")


async def test_of_a_url_a_key_that_exists_is_an_object_and_else_a_folder(
    moto_server: S3Server,
) -> None:
    bucket = moto_server.make_bucket()
    moto_server.client().put_object(Bucket=bucket, Key=f"http/20261122/{NAME}", Body=b"x")
    user = moto_server.reader
    keys = f"access-key-id={user.access_key_id}&secret-access-key={user.secret_access_key}"

    async def of_path(path: str) -> Target:
        conf = f"s3://{bucket}/{path}?region=us-east-1&{keys}"
        return await of(conf, endpoint_url=moto_server.url)

    found = await of_path(f"http/20261122/{NAME}")
    assert found.keys == (f"http/20261122/{NAME}",)
    assert found.destination.path == "http/20261122/"
    assert found.copy
    folder = await of_path("http/20261122")
    assert (folder.keys, folder.destination.path, folder.copy) == ((), "http/20261122/", False)
    assert (await of_path(f"http/{name('20261122T1016')}")).keys == ()
    assert (await of_path("http/{DATE}")).destination.dated


def a_job(conf: str | None, number: int = 1) -> Job:
    return Job(id=number, destination_conf=None if conf is None else Secret(conf))


def test_jobs_are_judged_where_they_write_those_of_one_place_together() -> None:
    targets = targets_of_jobs(
        [
            (a_job("s3://logs/http/{DATE}?region=us-east-1"), HTTP),
            (a_job("s3://logs/dns?region=us-east-1"), SPECTRUM),
            (a_job("gs://logs/http/{DATE}"), HTTP),
            (a_job("s3://logs/http/{DATE}?region=eu-west-1"), SPECTRUM),
        ],
        span=None,
    )
    assert [str(each.destination) for each in targets] == [
        "s3://logs/http/{DATE}", "s3://logs/dns", "gs://logs/http/{DATE}",
    ]  # fmt: skip
    assert [each.expectations for each in targets] == [(HTTP, SPECTRUM), (SPECTRUM,), (HTTP,)]
    assert not any(each.copy for each in targets)


def test_a_job_that_cannot_be_read_where_it_writes_is_refused_by_name() -> None:
    with pytest.raises(SelectionInvalid, match="job 7: it has no destination_conf; name the sour"):
        targets_of_jobs([(a_job(None, 7), HTTP)], span=None)
    with pytest.raises(SelectionInvalid, match="job 8: https://x"):
        targets_of_jobs(
            [(a_job("https://x.example/?header_Authorization=secret", 8), HTTP)], span=None
        )


def test_no_secret_of_a_conf_is_shown() -> None:
    job = a_job("s3://logs/http?region=eu-west-1&access-key-id=AKIAX&secret-access-key=planted")
    shown = repr(targets_of_jobs([(job, expectation(job))], span=None))
    assert "planted" not in shown
    assert "AKIAX" not in shown
    with pytest.raises(TypeError):
        msgspec.json.encode(job.destination_conf)
