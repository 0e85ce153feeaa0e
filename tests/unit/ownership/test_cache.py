"""Answers that are kept: the same for the same question, and never anybody else's word."""

import logging
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from receiver.ownership.cache import Kept, TokenCache, cache_key, default_folder
from receiver.secret import Secret
from tests.unit.ownership.moments import NOW, FakeClock

KEY = cache_key("s3://b?secret-access-key=PLANTED", "x.txt")
KEPT = Kept(
    token=Secret("TOKEN"),
    filename="logs/x.txt",
    expires_at=NOW + timedelta(days=7),
    kept_until=NOW + timedelta(days=6),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "tokens"


def cache_at(folder: Path | None, now: datetime = NOW) -> TokenCache:
    return TokenCache(folder, clock=FakeClock(now))


def kept_in(folder: Path) -> Path:
    """The file of an answer that was just kept."""
    cache_at(folder).put(KEY, KEPT)
    return folder / f"{KEY}.json"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_same_question_has_the_same_answer(folder: Path) -> None:
    kept_in(folder)
    assert cache_at(folder).get(KEY) == KEPT


def test_an_answer_may_have_no_end_of_its_own(folder: Path) -> None:
    endless = Kept(token=Secret("x"), filename="", expires_at=None, kept_until=KEPT.kept_until)
    cache_at(folder).put(KEY, endless)
    assert cache_at(folder).get(KEY) == endless


def test_an_answer_of_the_version_before_is_none(folder: Path) -> None:
    path = kept_in(folder)
    before = path.read_text().replace('"version":2', '"version":1')
    assert '"version":1' in before
    path.write_text(before.replace('"filename"', '"required":true,"filename"'))
    assert cache_at(folder).get(KEY) is None


@pytest.mark.parametrize("now", [datetime.min, datetime.max])
def test_a_clock_that_was_never_set_keeps_answers_as_well(folder: Path, now: datetime) -> None:
    kept = msgspec.structs.replace(KEPT, kept_until=datetime.max.replace(tzinfo=UTC))
    cache = cache_at(folder, now.replace(tzinfo=UTC))
    cache.put(KEY, kept)
    cache.put(KEY, kept)
    assert (folder / f"{KEY}.json").exists()


def test_another_question_has_none(folder: Path) -> None:
    kept_in(folder)
    assert cache_at(folder).get(cache_key("s3://b", "x.txt")) is None
    assert cache_key("ab", "c") != cache_key("a", "bc") != cache_key("abc")


def test_an_answer_counts_until_its_end(folder: Path) -> None:
    kept_in(folder)
    assert cache_at(folder, KEPT.kept_until - timedelta(seconds=1)).get(KEY) == KEPT
    assert cache_at(folder, KEPT.kept_until).get(KEY) is None


def test_nobody_else_can_read_it(folder: Path) -> None:
    before = os.umask(0)
    try:
        path = kept_in(folder)
    finally:
        os.umask(before)
    assert mode_of(folder) == 0o700
    assert mode_of(path) == 0o600
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_neither_the_conf_nor_the_token_is_in_a_name_or_printed(folder: Path) -> None:
    path = kept_in(folder)
    assert "PLANTED" not in str(path)
    assert b"PLANTED" not in path.read_bytes()
    assert "TOKEN" not in repr(KEPT)


def test_a_folder_that_others_could_look_into_is_shut(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    kept_in(folder)
    assert mode_of(folder) == 0o700


@pytest.mark.parametrize("cut", [0, 1, 50, -1])
def test_a_damaged_entry_is_no_answer_and_is_replaced(folder: Path, cut: int) -> None:
    path = kept_in(folder)
    path.write_bytes(path.read_bytes()[:cut])
    assert cache_at(folder).get(KEY) is None
    kept_in(folder)
    assert cache_at(folder).get(KEY) == KEPT


@pytest.mark.parametrize("body", [b"[" * 60_000, b"null", b'{"version": 1}', b"\xff" * 100_000])
def test_what_is_no_entry_is_no_answer(folder: Path, body: bytes) -> None:
    kept_in(folder).write_bytes(body)
    assert cache_at(folder).get(KEY) is None


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o602, 0o666])
def test_an_entry_that_others_could_have_read_or_written_is_no_answer(
    folder: Path, mode: int
) -> None:
    path = kept_in(folder)
    path.chmod(mode)
    assert cache_at(folder).get(KEY) is None
    kept_in(folder)
    assert mode_of(path) == 0o600
    assert cache_at(folder).get(KEY) == KEPT


def test_in_a_folder_that_others_can_write_nothing_is_an_answer(folder: Path) -> None:
    kept_in(folder)
    folder.chmod(0o777)
    assert cache_at(folder).get(KEY) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_user_s_entry_is_no_answer(folder: Path) -> None:
    os.chown(kept_in(folder), 12345, -1)
    assert cache_at(folder).get(KEY) is None
    kept_in(folder)
    assert cache_at(folder).get(KEY) == KEPT


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_in_another_user_s_folder_nothing_is_kept(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir(parents=True)
    os.chown(folder, 12345, -1)
    kept_in(folder)
    assert list(folder.iterdir()) == []
    assert "it belongs to another user" in caplog.text


def test_a_link_and_a_pipe_are_no_answer(folder: Path) -> None:
    path = kept_in(folder)
    path.rename(folder / "elsewhere")
    path.symlink_to(folder / "elsewhere")
    assert cache_at(folder).get(KEY) is None
    path.unlink()
    os.mkfifo(path, 0o600)
    assert cache_at(folder).get(KEY) is None


def test_a_renamed_entry_is_no_answer_to_another_question(folder: Path) -> None:
    other = cache_key("gs://other")
    kept_in(folder).rename(folder / f"{other}.json")
    assert cache_at(folder).get(other) is None


def test_what_is_long_past_is_removed_on_the_way(folder: Path) -> None:
    path = kept_in(folder)
    strange = folder / "notes.json"
    strange.write_text("not ours")
    half = folder / ".0123456789abcdef.part"
    half.write_text("")
    for each in (strange, half):
        os.utime(each, (0, 0))
    other = cache_key("gs://other")
    late = KEPT.kept_until + timedelta(days=2)
    cache_at(folder, late).put(other, KEPT)
    assert not path.exists()
    assert not half.exists()
    assert strange.exists()


def test_a_cache_that_cannot_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    cache = cache_at(tmp_path / "file" / "tokens")
    cache.put(KEY, KEPT)
    assert cache.get(KEY) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "TOKEN" not in caplog.text


def test_without_a_folder_nothing_is_kept() -> None:
    cache = cache_at(None)
    cache.put(KEY, KEPT)
    assert cache.get(KEY) is None


def test_a_time_without_a_zone_is_no_answer(folder: Path) -> None:
    path = kept_in(folder)
    told = path.read_text().replace(f"{KEPT.kept_until:%Y-%m-%dT%H:%M:%SZ}", "2030-01-01T00:00:00")
    assert "2030" in told
    path.write_text(told)
    assert cache_at(folder, datetime(2026, 1, 1, tzinfo=UTC)).get(KEY) is None


@pytest.mark.parametrize(
    ("named", "folder_named"),
    [
        ("/x/cache", "/x/cache/logpush-receiver/tokens"),
        ("relative", "/home/me/.cache/logpush-receiver/tokens"),
        ("", "/home/me/.cache/logpush-receiver/tokens"),
    ],
)
def test_the_folder_is_the_user_s_cache(
    monkeypatch: pytest.MonkeyPatch, named: str, folder_named: str
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    assert str(default_folder()) == folder_named
