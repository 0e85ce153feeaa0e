"""`token` on Google Cloud Storage: accounts with rights, in front of fake-gcs-server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.asking import PLAIN, Asker, reason_of
from tests.e2e.command import Ended
from tests.e2e.places import GCSPlace
from tests.servers.fake_gcs import GCSServer
from tests.servers.gcs_front import GCSFront, gcs_front

NAME = "ownership-challenge-1a2b.txt"
READER, GETTER, LISTER, WRITER = (f"{name}@p.iam" for name in ("r", "g", "l", "w"))
RIGHTS = {
    READER: frozenset({"list", "get"}),
    GETTER: frozenset({"get"}),
    LISTER: frozenset({"list"}),
    WRITER: frozenset({"create"}),
}


class Bucket:
    """A bucket to be asked for the token by this account or that."""

    def __init__(self, place: GCSPlace, front: GCSFront, home: Path) -> None:
        self.place = place
        self.front = front
        self.ask = Asker(home)
        self.conf = place.conf("http/{DATE}")

    def __call__(self, *arguments: str, mail: str = READER, forged: bool = False) -> Ended:
        key = self.front.write_key_file(self.ask.home / "key.json", mail, forged=forged)
        self.ask.secrets += json.loads(Path(key).read_text())["private_key"].split("\n")[1:-2]
        environment = {"GOOGLE_APPLICATION_CREDENTIALS": key}
        at = ("--endpoint-url", self.front.url)
        ended = self.ask("token", self.conf, *at, *arguments, environment=environment)
        assert not [token for token in self.front.tokens if token in ended.out + ended.err]
        return ended

    def refused(self, *arguments: str, mail: str = READER, forged: bool = False) -> tuple[str, str]:
        ended = self(*arguments, "--format", "json", mail=mail, forged=forged)
        assert (ended.code, ended.json["token"]) == (3, None)
        return reason_of(ended)


@pytest.fixture
def bucket(gcs_server: GCSServer, tmp_path: Path) -> Iterator[Bucket]:
    place = GCSPlace(gcs_server)
    with gcs_front(place.port, RIGHTS) as front:
        yield Bucket(place, front, tmp_path)


def test_the_newest_is_found_by_listing(bucket: Bucket) -> None:
    bucket.place.put("http/ownership-challenge-z.txt", b"0" * 20)
    bucket.place.put(f"http/{NAME}", PLAIN.encode())
    ended = bucket()
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
    assert "also there, older: http/ownership-challenge-z.txt" in ended.err


@pytest.mark.parametrize("front", ["", "{bucket}/"])
def test_a_name_that_is_given_is_read_without_listing(bucket: Bucket, front: str) -> None:
    bucket.place.put(f"http/20200101/{NAME}", PLAIN.encode())
    name = f"{front.format(bucket=bucket.place.bucket)}http/20200101/{NAME}"
    ended = bucket("--filename", name, mail=GETTER)
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
    ended = bucket("--filename", name.replace("1a2b", "9"), "--format", "json", mail=GETTER)
    assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))


def test_metadata_says_nothing_of_what_lies_there(bucket: Bucket) -> None:
    bucket.place.put(f"http/{NAME}", f"{PLAIN}\r\n".encode(), encoding="gzip", kind="text/plain")
    assert bucket().out == f"{PLAIN}\n"


def test_a_challenge_that_comes_later_is_found(bucket: Bucket) -> None:
    with bucket.ask.once(
        " yet; waiting until ", lambda: bucket.place.put(f"http/{NAME}", PLAIN.encode())
    ):
        ended = bucket("--wait", "30s")
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")


def test_an_empty_bucket_has_no_challenge_yet(bucket: Bucket) -> None:
    ended = bucket("--format", "json")
    assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))


@pytest.mark.parametrize("mail", [GETTER, WRITER])
def test_who_may_not_list_is_told_the_right(bucket: Bucket, mail: str) -> None:
    assert bucket.refused(mail=mail) == ("list-denied", "storage.objects.list")


def test_who_may_list_and_not_read_is_told_that_one_is_there(bucket: Bucket) -> None:
    bucket.place.put(f"http/{NAME}", PLAIN.encode())
    ended = bucket("--format", "json", mail=LISTER)
    assert (ended.code, reason_of(ended)) == (3, ("read-denied", "storage.objects.get"))
    assert "a challenge is there and cannot be read" in ended.err


def test_a_key_that_is_not_the_accounts_is_told(bucket: Bucket) -> None:
    assert bucket.refused(forged=True) == ("keys-wrong", "")


def test_a_bucket_that_is_not_there_is_told(bucket: Bucket) -> None:
    bucket.conf = "gs://no-such-bucket/http"
    for arguments in ((), ("--filename", NAME)):
        assert bucket.refused(*arguments) == ("bucket-missing", "")


def test_no_credentials_at_all_says_where_they_were_looked_for(tmp_path: Path) -> None:
    ended = Asker(tmp_path)("token", "gs://acme-logs/http", "--format", "json")
    assert (ended.code, reason_of(ended)) == (3, ("keys-missing", ""))
    assert "GOOGLE_APPLICATION_CREDENTIALS" in ended.err
