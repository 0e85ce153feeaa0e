"""`verify` reads S3: moto, which enforces IAM users' rights, and Ceph's gateway."""

import asyncio
import json

import pytest

from tests.e2e.deliveries import Delivery, job
from tests.e2e.places import S3Place
from tests.e2e.store_suite import CLEAN, StoreSuite, WholeStoreSuite
from tests.e2e.verifying import Verify
from tests.servers.s3 import S3Server, User, bucket_policy


def keys_of(user: User) -> dict[str, str]:
    """Return the variables in which the usual chain looks for a user's keys."""
    return {
        "AWS_ACCESS_KEY_ID": user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": user.secret_access_key,
    }


class Denials(StoreSuite):
    """What a user lacks is named, and so is the remedy."""

    async def test_a_user_who_may_not_list_is_told_the_permission(
        self, place: S3Place, clean_day: Delivery, verify: Verify
    ) -> None:
        users = (place.server.writer, place.server.getter)
        outcomes = await asyncio.gather(
            *(verify(job(place.conf(CLEAN, user=user))) for user in users)
        )
        for outcome in outcomes:
            assert outcome.code == 3, outcome
            assert "s3:ListBucket" in outcome.said

    async def test_a_user_who_may_only_read_verifies_an_object(
        self, place: S3Place, clean_day: Delivery, verify: Verify
    ) -> None:
        key = min(clean_day.objects)
        conf = place.conf(CLEAN, user=place.server.getter)
        outcome = await verify(job(conf), place.conf(key, user=place.server.getter))
        assert outcome.code == 0, outcome
        assert outcome.keys == [key]

    async def test_a_user_who_may_not_read_an_object_is_told_the_permission(
        self, place: S3Place, clean_day: Delivery, verify: Verify
    ) -> None:
        key = min(clean_day.objects)
        conf = place.conf(CLEAN, user=place.server.writer)
        outcome = await verify(job(conf), place.conf(key, user=place.server.writer))
        assert outcome.code == 3, outcome
        assert "s3:GetObject" in outcome.said

    async def test_a_secret_that_is_not_the_keys_own_is_named_as_that(
        self, place: S3Place, clean_day: Delivery, verify: Verify
    ) -> None:
        wrong = "wrong/secret+of=nobody"
        place.secrets.append(wrong)
        user = User(access_key_id=place.server.reader.access_key_id, secret_access_key=wrong)
        outcome = await verify(job(place.conf(CLEAN, user=user)))
        assert outcome.code == 3, outcome
        assert "secret access key does not belong" in outcome.said

    async def test_where_the_confs_keys_only_write_the_environments_are_taken(
        self, place: S3Place, clean_day: Delivery, verify: Verify
    ) -> None:
        conf = place.conf(CLEAN, user=place.server.writer)
        outcome = await verify(job(conf), environment=keys_of(place.server.reader))
        assert outcome.code == 0, outcome
        assert outcome.report["totals"] == clean_day.totals


class TestMoto(WholeStoreSuite, Denials):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, moto_server: S3Server) -> S3Place:
        return S3Place(moto_server)

    async def test_a_conf_without_keys_as_logpush_has_it_takes_the_environments(
        self, place: S3Place, clean_day: Delivery, verify: Verify
    ) -> None:
        outcome = await verify(
            job(f"s3://{place.bucket}/{CLEAN}?region=us-east-1&sse=AES256"),
            *place.endpoint(place.port),
            environment=keys_of(place.server.reader),
        )
        assert outcome.code == 0, outcome
        assert outcome.report["totals"] == clean_day.totals


class TestCeph(Denials):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, rgw_server: S3Server) -> S3Place:
        return S3Place(rgw_server)

    async def test_a_user_who_lists_and_may_not_read_is_told_of_every_object(
        self, place: S3Place, verify: Verify
    ) -> None:
        bucket = place.server.make_bucket()
        policy = bucket_policy(bucket).replace("s3:PutObject", "s3:ListBucket")
        client = place.server.client()
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(json.loads(policy)))
        keys = [f"logs/20240301T0{n}0000Z_20240301T0{n}1000Z_a.log.gz" for n in range(2)]
        for key in keys:
            client.put_object(Bucket=bucket, Key=key, Body=b"")
        conf = place.conf("logs/", bucket=bucket, user=place.server.writer)
        outcome = await verify(job(conf))
        assert outcome.code == 3, outcome
        assert outcome.report["batches"] == []
        assert [each["key"] for each in outcome.report["unread"]] == keys
        assert all("s3:GetObject" in each["error"] for each in outcome.report["unread"])
