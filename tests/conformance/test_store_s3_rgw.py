"""Ceph joins the suite: a real S3 gateway, with the rights of bucket policies."""

import json

import pytest

from receiver.clock import SystemClock
from receiver.errors import ObjectMissing, Reason, StoreDenied
from receiver.store.open import find_region
from tests.conformance.s3_suite import S3Place, S3Suite
from tests.conformance.store_suite import listed
from tests.servers.s3 import S3Server


class TestS3StoreOnRGW(S3Suite):
    @pytest.fixture
    def server(self, rgw_server: S3Server) -> S3Server:
        return rgw_server

    async def test_a_bucket_that_is_not_public_is_not_listed_for_an_anonymous_caller(
        self, place: S3Place, server: S3Server
    ) -> None:
        async with place.open_as(server.owner, anonymous=True) as store:
            with pytest.raises(StoreDenied, match="denied to anonymous callers") as caught:
                await store.list("")
        assert (caught.value.reason, caught.value.right) == (Reason.LIST_DENIED, "s3:ListBucket")

    async def test_a_public_bucket_is_listed_and_read_by_an_anonymous_caller(
        self, place: S3Place, server: S3Server
    ) -> None:
        publish(server, place.bucket, "s3:ListBucket", "s3:GetObject")
        server.client().put_object(Bucket=place.bucket, Key="logs/a", Body=b"12345")
        async with place.open_as(None, anonymous=True) as store:
            assert await listed(store, "") == ["logs/a"]
            assert await store.read("logs/a", bytes_max=10) == b"12345"
            with pytest.raises(ObjectMissing) as caught:
                await store.find("logs/no-such")
            assert caught.value.reason is Reason.OBJECT_MISSING
            with pytest.raises(StoreDenied) as denied:
                await store.put("logs/b", b"1")
            assert denied.value.reason is Reason.WRITE_DENIED

    async def test_the_region_of_a_bucket_is_none_for_a_server_that_has_none(
        self, place: S3Place, server: S3Server
    ) -> None:
        conf = server.destination(place.bucket)
        found = await find_region(conf, clock=SystemClock(), endpoint_url=server.url)
        assert found in {None, "default"}

    async def test_the_region_of_a_bucket_that_is_not_there_is_missing(
        self, server: S3Server
    ) -> None:
        gone = server.destination("no-such-bucket")
        with pytest.raises(ObjectMissing) as caught:
            await find_region(gone, clock=SystemClock(), endpoint_url=server.url)
        assert caught.value.reason is Reason.BUCKET_MISSING


def publish(server: S3Server, bucket: str, *actions: str) -> None:
    """Give everybody rights on a bucket."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    server.client().put_bucket_policy(Bucket=bucket, Policy=policy)
