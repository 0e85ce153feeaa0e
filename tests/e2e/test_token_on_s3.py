"""`token` on S3: found, or why not; moto enforces IAM users' rights, Ceph a bucket's policy."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.asking import MEASURED, PLAIN, Asker, kib_of, reason_of
from tests.e2e.command import Ended
from tests.e2e.places import S3Place
from tests.servers.answering import answering
from tests.servers.s3 import S3Server, User

NAME = "ownership-challenge-1a2b.txt"


def keys_of(user: User) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": user.secret_access_key,
    }


class Bucket:
    """A bucket to be asked for the token by this user or that, whose keys the environment has."""

    def __init__(self, server: S3Server, home: Path) -> None:
        self.server = server
        self.place = S3Place(server)
        self.name = self.place.bucket
        self.ask = Asker(home)
        self.ask.secrets += self.place.secrets

    def __call__(
        self, *arguments: str, user: User | None = None, within: tuple[str, ...] = ()
    ) -> Ended:
        conf = f"s3://{self.name}/http/{{DATE}}?region=us-east-1"
        keys = keys_of(user or self.server.reader)
        return self.ask("token", conf, *self.at, *arguments, environment=keys, within=within)

    @property
    def at(self) -> tuple[str, str]:
        return ("--endpoint-url", self.server.url)

    def refused(self, *arguments: str, user: User | None = None) -> tuple[str, str]:
        """Return why it could not be looked, and the right that is missing."""
        ended = self(*arguments, "--format", "json", user=user)
        assert (ended.code, ended.json["token"]) == (3, None)
        return reason_of(ended)


class Suite:
    """What holds of every server that speaks S3."""

    @pytest.fixture
    def server(self) -> S3Server:
        raise NotImplementedError

    @pytest.fixture
    def bucket(self, server: S3Server, tmp_path: Path) -> Bucket:
        return Bucket(server, tmp_path)

    # --- found ---

    def test_the_newest_is_found_by_listing(self, bucket: Bucket) -> None:
        yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y%m%d}"
        bucket.place.put(f"http/{yesterday}/ownership-challenge-z.txt", b"0" * 20)
        bucket.place.put(f"http/{{DATE}}/{NAME}", PLAIN.encode())
        ended = bucket()
        assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
        others = [line for line in ended.err.splitlines() if line.startswith("also there, older: ")]
        assert len(others) == 1
        assert f"http/{yesterday}/ownership-challenge-z.txt" in others[0]

    @pytest.mark.parametrize("front", ["", "{bucket}/"])
    def test_a_name_that_is_given_is_read_without_listing(self, bucket: Bucket, front: str) -> None:
        bucket.place.put(f"http/20200101/{NAME}", PLAIN.encode())
        name = f"{front.format(bucket=bucket.name)}http/20200101/{NAME}"
        ended = bucket("--filename", name, user=bucket.server.getter)
        assert (ended.code, ended.out) == (0, f"{PLAIN}\n")

    @pytest.mark.parametrize("encoding", ["compress", "gzip"])
    def test_metadata_says_nothing_of_what_lies_there(self, bucket: Bucket, encoding: str) -> None:
        body = f"{PLAIN}\r\n".encode()
        bucket.place.put(f"http/{NAME}", body, encoding=encoding, kind="application/octet-stream")
        assert bucket().out == f"{PLAIN}\n"

    # --- not there ---

    def test_a_name_that_is_missing_is_never_anothers_token(self, bucket: Bucket) -> None:
        bucket.place.put(f"http/{NAME}", PLAIN.encode())
        ended = bucket("--filename", "http/ownership-challenge-9.txt", "--format", "json")
        assert (ended.code, ended.json["token"]) == (4, None)
        assert reason_of(ended) == ("no-challenge", "")

    # --- refused ---

    def test_who_may_not_list_is_told_the_right(self, bucket: Bucket) -> None:
        bucket.place.put(f"http/{NAME}", PLAIN.encode())
        for user in (bucket.server.writer, bucket.server.getter):
            assert bucket.refused(user=user) == ("list-denied", "s3:ListBucket")

    def test_who_may_only_write_is_told_the_right_to_read(self, bucket: Bucket) -> None:
        bucket.place.put(f"http/{NAME}", PLAIN.encode())
        refused = bucket.refused("--filename", f"http/{NAME}", user=bucket.server.writer)
        assert refused == ("read-denied", "s3:GetObject")

    def test_a_secret_that_is_not_the_keys_own_is_told(self, bucket: Bucket) -> None:
        bucket.ask.secrets += ["planted/secret+of=nobody"]
        known = bucket.server.reader.access_key_id
        user = User(access_key_id=known, secret_access_key="planted/secret+of=nobody")
        assert bucket.refused(user=user) == ("keys-wrong", "")

    def test_an_unknown_key_id_is_told(self, bucket: Bucket) -> None:
        bucket.ask.secrets += ["planted-secret", "AKIANOBODY"]
        user = User(access_key_id="AKIANOBODY", secret_access_key="planted-secret")
        ended = bucket("--format", "json", user=user)
        assert (ended.code, reason_of(ended)) == (3, ("keys-wrong", ""))
        assert "does not know the access key id" in ended.err

    def test_a_bucket_that_is_not_there_is_told(self, bucket: Bucket) -> None:
        bucket.name = "no-such-bucket"
        owner = bucket.server.owner
        for arguments in ((), ("--filename", NAME)):
            assert bucket.refused(*arguments, user=owner) == ("bucket-missing", "")


class TestMoto(Suite):
    @pytest.fixture
    def server(self, moto_server: S3Server) -> S3Server:
        return moto_server

    @pytest.mark.parametrize("conf", ["s3://{}&endpoint=s3.example.com", "r2://{}"])
    def test_a_name_that_is_given_is_read_though_no_challenge_is_needed(
        self, bucket: Bucket, conf: str
    ) -> None:
        reader = bucket.server.reader
        keys = f"access-key-id={reader.access_key_id}&secret-access-key={reader.secret_access_key}"
        of_r2 = conf.startswith("r2")
        more = "account-id=0123456789abcdef0123456789abcdef" if of_r2 else "region=us-east-1"
        whole = conf.format(f"{bucket.name}/http?{more}&{keys}")
        bucket.place.put(f"http/{NAME}", PLAIN.encode())
        arguments = ("token", whole, *bucket.at, "--format", "json")
        said = bucket.ask(*arguments).json
        assert (said["required"], said["token"]) == (False, None)
        said = bucket.ask(*arguments, "--filename", f"http/{NAME}").json
        assert (said["required"], said["token"]) == (False, PLAIN)

    def test_what_terraform_is_told_is_kept_without_the_confs_keys(self, bucket: Bucket) -> None:
        bucket.place.put(f"http/{NAME}", PLAIN.encode())
        query = {"destination_conf": bucket.place.conf("http"), "filename": f"http/{NAME}"}
        assert bucket.ask("token", "--terraform", stdin=json.dumps(query)).json["token"] == PLAIN
        (kept,) = (path for path in bucket.ask.cache.rglob("*") if path.is_file())
        told = f"{kept} {kept.read_text()}"
        assert PLAIN in told
        assert not [secret for secret in bucket.place.secrets if secret in told]


class TestCeph(Suite):
    @pytest.fixture
    def server(self, rgw_server: S3Server) -> S3Server:
        return rgw_server

    def test_a_challenge_that_comes_later_is_found(self, bucket: Bucket) -> None:
        with bucket.ask.once(
            " yet; waiting until ", lambda: bucket.place.put(f"http/{NAME}", PLAIN.encode())
        ):
            ended = bucket("--wait", "30s")
        assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
        assert "no challenge in s3://" in ended.err

    def test_an_empty_bucket_has_no_challenge_yet(self, bucket: Bucket) -> None:
        ended = bucket("--wait", "1s", "--format", "json")
        assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))

    def test_an_empty_challenge_and_a_huge_one_hold_no_token(self, bucket: Bucket) -> None:
        kib = []
        for body, words in ((b"", "it is empty"), (b"a" * (64 << 20), "longer than 4,096")):
            bucket.place.put(f"http/{NAME}", body)
            begun = datetime.now(UTC)
            ended = bucket(within=MEASURED)
            assert datetime.now(UTC) - begun < timedelta(seconds=5)
            assert (ended.code, ended.out) == (4, "")
            assert words in ended.err
            kib.append(kib_of(ended))
        assert kib[1] - kib[0] < 16 << 10

    def test_a_right_is_waited_for_until_the_deadline(self, bucket: Bucket) -> None:
        ended = bucket("--wait", "2s", user=bucket.server.writer)
        assert ended.code == 3
        assert "s3:ListBucket" in ended.err
        assert ended.err.endswith("(waited 2 s)\n")

    def test_who_may_not_list_is_not_told_what_is_missing(self, bucket: Bucket) -> None:
        ended = bucket("--filename", NAME, "--format", "json", user=bucket.server.getter)
        assert (ended.code, reason_of(ended)) == (3, ("read-denied", "s3:GetObject"))
        assert "or the object does not exist" in ended.err


# --- what only AWS says ---


def xml(code: str, more: str = "") -> str:
    return f"<Error><Code>{code}</Code><Message>planted words</Message>{more}</Error>"


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason", "words"),
    [
        (
            301,
            xml("PermanentRedirect"),
            {"x-amz-bucket-region": "eu-west-1"},
            "region-wrong",
            "put region=eu-west-1 into the destination_conf",
        ),
        (
            400,
            xml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
            {},
            "region-wrong",
            "put region=eu-west-1 into the destination_conf",
        ),
        (403, xml("RequestTimeTooSkewed"), {}, "clock-skew", "this machine's clock"),
        (400, xml("ExpiredToken"), {}, "keys-expired", "has expired; renew"),
        (403, xml("AccessDenied"), {}, "list-denied", "need s3:ListBucket"),
    ],
)
async def test_what_aws_refuses_is_told_and_not_waited_for_where_time_cannot_mend_it(
    tmp_path: Path, status: int, body: str, headers: dict[str, str], reason: str, words: str
) -> None:
    ask = Asker(tmp_path)
    ask.secrets += ["planted"]
    environment = keys_of(User(access_key_id="AKIAPLANTED", secret_access_key="planted-secret"))
    async with answering() as server:
        server.status, server.body, server.headers = status, body, headers
        wait = () if reason == "list-denied" else ("--wait", "1h")
        ended = await asyncio.to_thread(
            ask,
            *("token", "s3://logs/http?region=us-east-1", "--endpoint-url", server.url),
            *("--format", "json", *wait),
            environment=environment,
        )
    assert (ended.code, reason_of(ended)[0]) == (3, reason)
    assert words in " ".join(ended.err.split())


def test_no_keys_at_all_says_where_they_were_looked_for(tmp_path: Path) -> None:
    ended = Asker(tmp_path)("token", "s3://logs/http?region=us-east-1", "--format", "json")
    assert (ended.code, reason_of(ended)) == (3, ("keys-missing", ""))
    assert "AWS_ACCESS_KEY_ID" in ended.err
