"""What a store on S3 must do beside the suite: say which right is missing, and use what it has."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from receiver.destination.destination import Destination
from receiver.errors import ObjectMissing, Reason, StoreDenied
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.s3 import S3Store, open_s3
from tests.conformance.store_suite import RemoteStoreSuite, listed, whole
from tests.servers.proxy import FaultProxy
from tests.servers.s3 import S3Server, User, destination

STRANGER = User(access_key_id="AKIANOSUCHKEY0000000", secret_access_key="secret-of-a-stranger")


class S3Place:
    """A bucket of its owner."""

    def __init__(self, server: S3Server) -> None:
        self.server = server
        self.bucket = server.make_bucket()
        self.port = server.port

    def open(
        self, *, through: FaultProxy | None = None, bounds: Bounds = BOUNDS
    ) -> AbstractAsyncContextManager[S3Store]:
        url = through.url if through else self.server.url
        return open_s3(self.server.destination(self.bucket), endpoint_url=url, bounds=bounds)

    def open_as(
        self, user: User | None, *, anonymous: bool = False
    ) -> AbstractAsyncContextManager[S3Store]:
        """Open the bucket with a user's keys in the conf, or with none."""
        conf = destination(self.bucket, user=user)
        return open_s3(conf, endpoint_url=self.server.url, anonymous=anonymous)

    def open_missing(self) -> AbstractAsyncContextManager[S3Store]:
        return open_s3(self.server.destination("no-such-bucket"), endpoint_url=self.server.url)

    def write_encoded(self, key: str, body: bytes) -> None:
        self.server.client().put_object(
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ContentEncoding="gzip",
            ContentType="application/json",
        )


class S3Suite(RemoteStoreSuite):
    """Joined once for each server that enforces rights."""

    @pytest.fixture
    def server(self) -> S3Server:
        raise NotImplementedError

    @pytest.fixture
    def place(self, server: S3Server) -> S3Place:
        return S3Place(server)

    @pytest.fixture(autouse=True)
    def no_keys_around(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The usual chain finds nothing, unless a test gives it a user."""
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)

    async def test_a_reader_reads(self, place: S3Place, server: S3Server) -> None:
        _write(place, "logs/a", b"12345")
        async with place.open_as(server.reader) as store:
            assert await listed(store, "") == ["logs/a"]
            assert await whole(store, await store.find("logs/a")) == b"12345"

    async def test_a_listing_denied_names_the_permission(
        self, place: S3Place, server: S3Server
    ) -> None:
        async with place.open_as(server.getter) as store:
            with pytest.raises(
                StoreDenied, match=r"access denied.*s3:ListBucket on the bucket"
            ) as caught:
                await store.list("")
            assert caught.value.reason is Reason.LIST_DENIED
            assert caught.value.right == "s3:ListBucket"

    async def test_a_reading_denied_names_the_permission(
        self, place: S3Place, server: S3Server
    ) -> None:
        _write(place, "logs/a", b"1")
        async with place.open_as(server.writer) as store:
            for call in (store.find("logs/a"), store.read("logs/a", bytes_max=1)):
                with pytest.raises(
                    StoreDenied, match=r"logs/a: access denied.*s3:GetObject"
                ) as caught:
                    await call
                assert caught.value.reason is Reason.READ_DENIED
                assert caught.value.right == "s3:GetObject"

    async def test_a_writing_denied_names_the_permission(
        self, place: S3Place, server: S3Server
    ) -> None:
        async with place.open_as(server.reader) as store:
            with pytest.raises(StoreDenied, match=r"access denied.*s3:PutObject") as caught:
                await store.put("logs/a", b"1")
            assert caught.value.reason is Reason.WRITE_DENIED
            assert caught.value.right == "s3:PutObject"

    async def test_a_missing_key_without_the_right_to_list_is_worded_with_care(
        self, place: S3Place, server: S3Server
    ) -> None:
        async with place.open_as(server.getter) as store:
            if server.denies_missing:
                with pytest.raises(StoreDenied, match="or the object does not exist") as caught:
                    await store.find("logs/no-such")
                assert caught.value.reason is Reason.READ_DENIED
            else:
                with pytest.raises(ObjectMissing, match="no such object"):
                    await store.find("logs/no-such")

    async def test_wrong_keys_are_told_apart(self, place: S3Place, server: S3Server) -> None:
        forged = User(access_key_id=server.reader.access_key_id, secret_access_key="wrong" * 8)
        for user, words in ((forged, "secret access key"), (STRANGER, "does not know the access")):
            async with place.open_as(user) as store:
                for call in (store.list(""), store.find("logs/a"), store.read("a", bytes_max=1)):
                    with pytest.raises(StoreDenied, match=words) as caught:
                        await call
                    assert caught.value.reason is Reason.KEYS_WRONG
                    assert user.secret_access_key not in repr(caught.value)
                    assert user.access_key_id not in repr(caught.value)

    async def test_no_keys_at_all_says_where_they_were_looked_for(self, place: S3Place) -> None:
        async with place.open_as(None) as store:
            with pytest.raises(
                StoreDenied, match=r"none found.*AWS_ACCESS_KEY_ID.*~/.aws"
            ) as caught:
                await store.list("")
            assert caught.value.reason is Reason.KEYS_MISSING

    async def test_keys_that_only_write_give_way_to_the_usual_chain(
        self, place: S3Place, server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _write(place, "logs/a", b"12345")
        _use(monkeypatch, server.reader)
        async with place.open_as(server.writer) as store:
            assert await listed(store, "") == ["logs/a"]
            assert await whole(store, await store.find("logs/a")) == b"12345"
            await store.put("logs/b", b"1")  # with the conf's own keys: the reader may not
            with pytest.raises(ObjectMissing):
                await store.find("logs/no-such")

    async def test_the_usual_chain_never_writes_where_the_conf_has_keys(
        self, place: S3Place, server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _use(monkeypatch, server.owner)
        async with place.open_as(server.reader) as store:
            with pytest.raises(StoreDenied, match="s3:PutObject"):
                await store.put("logs/a", b"1")

    async def test_where_no_keys_can_read_the_error_names_them_all(
        self, place: S3Place, server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with place.open_as(server.writer) as store:
            with pytest.raises(
                StoreDenied, match=r"keys of the destination_conf.*none found"
            ) as caught:
                await store.list("")
            assert caught.value.reason is Reason.LIST_DENIED  # the conf's, for the others are none
            assert caught.value.right == "s3:ListBucket"
        _use(monkeypatch, STRANGER)
        async with place.open_as(server.writer) as store:
            with pytest.raises(StoreDenied, match=r"destination_conf.*usual chain") as caught:
                await store.list("")
            assert caught.value.reason is Reason.LIST_DENIED
        for secret in (server.writer.secret_access_key, STRANGER.secret_access_key):
            assert secret not in str(caught.value)

    async def test_the_environment_names_the_endpoint_where_nothing_else_does(
        self, place: S3Place, server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _write(place, "logs/a", b"1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        bare: Destination = destination(place.bucket, user=server.reader)
        async with open_s3(bare) as store:
            assert await listed(store, "") == ["logs/a"]

    async def test_a_bucket_name_that_none_can_have_is_missing(self, server: S3Server) -> None:
        odd = destination("no bucket has spaces", user=server.owner)
        async with open_s3(odd, endpoint_url=server.url) as store:
            with pytest.raises(ObjectMissing, match="name") as caught:
                await store.list("")
            assert caught.value.reason is Reason.BUCKET_MISSING

    async def test_an_anonymous_caller_reads_nothing_of_a_bucket_that_is_not_public(
        self, place: S3Place, server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _write(place, "logs/a", b"1")
        _use(monkeypatch, server.owner)
        async with place.open_as(server.owner, anonymous=True) as store:
            for call in (store.find("logs/a"), store.read("logs/a", bytes_max=1)):
                with pytest.raises(StoreDenied, match="denied to anonymous callers") as caught:
                    await call
                assert caught.value.reason is Reason.READ_DENIED


def _write(place: S3Place, key: str, body: bytes) -> None:
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=body)


def _use(monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", user.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", user.secret_access_key)
