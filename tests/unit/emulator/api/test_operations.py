"""The operations on jobs, over real folders: what is refused, and what is left behind."""

import asyncio
import gzip
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from receiver.emulator.api.refusals import Refusal
from receiver.emulator.api.rules import Rules
from receiver.emulator.cloud import Scope
from tests.unit.emulator.api.local_cloud import (
    ACCOUNT,
    ACTOR,
    OTHER_ZONE,
    ZONE,
    Cloud,
    code_of,
    make_cloud,
)

UNWRITABLE = "error validating destination: error writing object: error uploading"
KEYED = "s3://bucket/logs?region=x&access-key-id=AKIA&secret-access-key=SECRET"


class TestCreate:
    async def test_challenge_token_job(self, cloud: Cloud) -> None:
        job = await cloud.job(name="theburritobot.com", logpull_options="fields=RayID")
        assert job["id"] == 1
        assert job["enabled"] is False
        assert job["name"] == "theburritobot.com"
        assert "ownership_challenge" not in job
        assert cloud.operations.job(ZONE, 1) == job
        assert cloud.operations.jobs(ZONE) == [job]

    async def test_the_test_object_lies_where_todays_batches_will(self, cloud: Cloud) -> None:
        await cloud.job("logs/{DATE}")
        written = cloud.folder / "logs" / "20261122" / "test.txt.gz"
        assert gzip.decompress(written.read_bytes()) == b'{"content":"tests"}'

    @pytest.mark.parametrize("token", [{}, {"ownership_challenge": "00000000000000000000"}])
    async def test_without_its_token_it_is_1002(self, cloud: Cloud, token: dict[str, str]) -> None:
        body = {"destination_conf": cloud.conf(), **token}
        with pytest.raises(Refusal, match="incorrect ownership challenge") as error:
            await cloud.operations.create(ZONE, ACTOR, body)
        assert code_of(error) == (400, 1002)
        assert cloud.state.jobs() == []

    async def test_a_token_for_another_zone_or_an_older_one_is_1002(self, cloud: Cloud) -> None:
        conf = cloud.conf()
        body = {
            "destination_conf": conf,
            "ownership_challenge": await cloud.token(conf, OTHER_ZONE),
        }
        with pytest.raises(Refusal) as error:
            await cloud.operations.create(ZONE, ACTOR, body)
        assert code_of(error) == (400, 1002)
        body["ownership_challenge"] = await cloud.token(conf)
        cloud.clock.time += timedelta(days=7)
        with pytest.raises(Refusal) as error:
            await cloud.operations.create(ZONE, ACTOR, body)
        assert code_of(error) == (400, 1002)

    async def test_a_destination_proven_otherwise_needs_no_token(self, cloud: Cloud) -> None:
        body = {"destination_conf": KEYED}
        assert (await cloud.operations.create(ZONE, ACTOR, body))["destination_conf"] == KEYED

    async def test_a_destination_that_cannot_be_written_is_refused(self, cloud: Cloud) -> None:
        token = await cloud.token(cloud.conf())
        cloud.way.refusal = "error writing object: error uploading (ours: no space)"
        body = {"destination_conf": cloud.conf(), "ownership_challenge": token}
        with pytest.raises(Refusal) as error:
            await cloud.operations.create(ZONE, ACTOR, body)
        assert (error.value.message, code_of(error)[0]) == (UNWRITABLE, 400)
        assert "no space" in error.value.hint
        assert cloud.state.jobs() == []

    @pytest.mark.parametrize(
        ("why", "message"),
        [
            ("signedResourceTypes must be Object only (srt=o)", None),
            ("... DNSError: the name was not found", f"{UNWRITABLE}: DNSError"),
        ],
    )
    async def test_documented_causes_are_in_the_message(
        self, cloud: Cloud, why: str, message: str | None
    ) -> None:
        cloud.way.refusal = why
        with pytest.raises(Refusal) as error:
            await cloud.operations.create(ZONE, ACTOR, {"destination_conf": KEYED})
        assert error.value.message == (message or why)

    @pytest.mark.parametrize(
        ("conf", "says"),
        [
            ("ftp://bucket", "not a scheme"),
            ("s3://bucket/logs", "needs `region=`"),
            ("s3://bucket/logs?region=x&endpoint=s3.example.com", "needs access-key-id"),
            ("s3://bucket/{date}?region=x", "not in capitals"),
        ],
    )
    async def test_a_destination_no_job_can_have_is_refused(
        self, cloud: Cloud, conf: str, says: str
    ) -> None:
        with pytest.raises(Refusal, match=says) as error:
            await cloud.operations.create(ZONE, ACTOR, {"destination_conf": conf})
        assert code_of(error)[0] == 400

    async def test_a_path_of_a_thousand_folders_is_a_path(self, cloud: Cloud) -> None:
        conf = cloud.conf("d/" * 1500)
        assert (await cloud.operations.validate_destination({"destination_conf": conf}))["valid"]
        subprocess.run(["rm", "-rf", cloud.folder / "d"], check=True)  # pytest's own recurses

    async def test_a_zone_has_four_jobs_at_most(self, cloud: Cloud) -> None:
        for number in range(4):
            await cloud.job(f"logs/{number}")
        with pytest.raises(Refusal, match="exceeded max jobs allowed") as error:
            await cloud.job("logs/5")
        assert code_of(error) == (403, 1004)
        await cloud.job("logs/5", scope=OTHER_ZONE)
        cloud.operations.delete(ZONE, ACTOR, 1)
        await cloud.job("logs/6")

    async def test_an_account_may_have_more(self, cloud: Cloud) -> None:
        for number in range(6):
            await cloud.job(f"logs/{number}", scope=ACCOUNT, dataset="gateway_dns")

    async def test_two_at_once_do_not_get_past_a_limit(self, cloud: Cloud) -> None:
        for number in range(3):
            await cloud.job(f"logs/{number}")
        first, second = await cloud.token(cloud.conf("a")), await cloud.token(cloud.conf("b"))
        cloud.way.pause = asyncio.Event()
        bodies = [
            {"destination_conf": cloud.conf(path), "ownership_challenge": token}
            for path, token in (("a", first), ("b", second))
        ]
        both = [asyncio.create_task(cloud.operations.create(ZONE, ACTOR, body)) for body in bodies]
        await asyncio.sleep(0.05)
        cloud.way.pause.set()
        results = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(each).__name__ for each in results) == ["Refusal", "dict"]
        assert len(cloud.state.jobs(ZONE)) == 4


class TestOnePerDestination:
    @pytest.mark.parametrize("scope", [ZONE, OTHER_ZONE])
    async def test_a_second_job_is_refused_in_whatever_zone(
        self, cloud: Cloud, scope: Scope
    ) -> None:
        await cloud.job("logs")
        with pytest.raises(Refusal, match="another job writes to this destination") as error:
            await cloud.job("logs/", scope=scope)
        assert code_of(error) == (400, 1007)

    async def test_by_the_newer_rule_there_may_be_several(self, tmp_path: Path) -> None:
        cloud = make_cloud(tmp_path, rules=Rules(several_per_destination=True))
        await cloud.job()
        await cloud.job()
        assert cloud.operations.exists({"destination_conf": cloud.conf()}) == {"exists": True}

    async def test_exists_asks_for_bucket_and_path_only(self, cloud: Cloud) -> None:
        await cloud.operations.create(ZONE, ACTOR, {"destination_conf": KEYED})
        for conf, exists in [
            ("s3://bucket/logs", True),
            ("s3://bucket/logs/", True),
            ("s3://bucket/logs?region=elsewhere&sse=AES256", True),
            ("s3://bucket", False),
            ("s3://bucket/logs/http", False),
            ("s3://foo", False),
            ("gs://bucket/logs", False),
        ]:
            assert cloud.operations.exists({"destination_conf": conf}) == {"exists": exists}, conf

    async def test_exists_of_no_destination_is_refused(self, cloud: Cloud) -> None:
        with pytest.raises(Refusal) as error:
            cloud.operations.exists({"destination_conf": "bucket"})
        assert code_of(error)[0] == 400

    async def test_an_update_cannot_take_anothers_destination(self, cloud: Cloud) -> None:
        await cloud.job("a")
        await cloud.job("b")
        with pytest.raises(Refusal) as error:
            await cloud.operations.update(ZONE, ACTOR, 2, {"destination_conf": cloud.conf("a")})
        assert code_of(error) == (400, 1007)


class TestUpdate:
    async def test_it_changes_what_is_given(self, cloud: Cloud) -> None:
        before = await cloud.job(name="old")
        after = await cloud.operations.update(ZONE, ACTOR, 1, {"enabled": True})
        assert after == before | {"enabled": True}
        assert cloud.state.jobs()[0].changed == 2

    async def test_every_one_writes_the_test_object_again(self, cloud: Cloud) -> None:
        await cloud.job()
        (cloud.folder / "logs" / "test.txt.gz").unlink()
        await cloud.operations.update(ZONE, ACTOR, 1, {})
        assert (cloud.folder / "logs" / "test.txt.gz").exists()
        cloud.way.refusal = "no"
        with pytest.raises(Refusal, match=UNWRITABLE):
            await cloud.operations.update(ZONE, ACTOR, 1, {"enabled": True})
        assert cloud.operations.job(ZONE, 1)["enabled"] is False

    async def test_another_destination_needs_its_own_token(self, cloud: Cloud) -> None:
        await cloud.job("a")
        body = {"destination_conf": cloud.conf("b")}
        with pytest.raises(Refusal) as error:
            await cloud.operations.update(ZONE, ACTOR, 1, body)
        assert code_of(error) == (400, 1002)
        body["ownership_challenge"] = await cloud.token(cloud.conf("b"))
        after = await cloud.operations.update(ZONE, ACTOR, 1, body)
        assert after["destination_conf"] == cloud.conf("b")

    async def test_the_same_destination_needs_none(self, cloud: Cloud) -> None:
        await cloud.job("a")
        await cloud.operations.update(ZONE, ACTOR, 1, {"destination_conf": cloud.conf("a")})

    async def test_what_the_pusher_noted_meanwhile_is_kept(self, cloud: Cloud) -> None:
        await cloud.job()
        cloud.way.pause, cloud.way.arrived = asyncio.Event(), asyncio.Event()
        update = asyncio.create_task(cloud.operations.update(ZONE, ACTOR, 1, {"name": "new"}))
        await cloud.way.arrived.wait()
        cloud.state.progress(1, last_complete="2026-11-22T10:00:00Z")
        cloud.way.pause.set()
        after = await update
        assert (after["name"], after["last_complete"]) == ("new", "2026-11-22T10:00:00Z")

    async def test_a_job_deleted_meanwhile_is_a_404(self, cloud: Cloud) -> None:
        await cloud.job()
        cloud.way.pause, cloud.way.arrived = asyncio.Event(), asyncio.Event()
        update = asyncio.create_task(cloud.operations.update(ZONE, ACTOR, 1, {"name": "new"}))
        await cloud.way.arrived.wait()
        cloud.operations.delete(ZONE, ACTOR, 1)
        cloud.way.pause.set()
        with pytest.raises(Refusal) as error:
            await update
        assert code_of(error)[0] == 404

    async def test_a_job_just_enabled_has_completed_nothing(self, cloud: Cloud) -> None:
        await cloud.job()
        cloud.state.progress(1, last_complete="2026-11-22T10:00:00Z")
        assert (await cloud.operations.update(ZONE, ACTOR, 1, {"name": "a"}))["last_complete"]
        enabled = await cloud.operations.update(ZONE, ACTOR, 1, {"enabled": True})
        assert enabled["last_complete"] is None


class TestMissing:
    async def test_a_job_that_is_not_there_is_a_404(self, cloud: Cloud) -> None:
        await cloud.job()
        for scope, job_id in ((ZONE, 2), (OTHER_ZONE, 1), (ACCOUNT, 1)):
            with pytest.raises(Refusal) as error:
                cloud.operations.job(scope, job_id)
            assert code_of(error)[0] == 404
            with pytest.raises(Refusal):
                cloud.operations.delete(scope, ACTOR, job_id)
            with pytest.raises(Refusal):
                await cloud.operations.update(scope, ACTOR, job_id, {})

    async def test_deleted_is_deleted(self, cloud: Cloud) -> None:
        await cloud.job()
        assert cloud.operations.delete(ZONE, ACTOR, 1) == {"id": 1}
        assert cloud.operations.jobs(ZONE) == []


class TestLists:
    async def test_the_jobs_of_a_data_set(self, cloud: Cloud) -> None:
        http, spectrum = await cloud.job("a"), await cloud.job("b", dataset="spectrum_events")
        assert cloud.operations.jobs(ZONE, "http_requests") == [http]
        assert cloud.operations.jobs(ZONE, "spectrum_events") == [spectrum]
        assert cloud.operations.jobs(ZONE) == [http, spectrum]
        with pytest.raises(Refusal) as error:
            cloud.operations.jobs(ZONE, "nonsense")
        assert code_of(error)[0] == 404

    def test_fields_have_type_and_description(self, cloud: Cloud) -> None:
        fields = cloud.operations.fields(ZONE, "http_requests")
        assert fields["EdgeStartTimestamp"].startswith("int or string; ")
        assert fields["ClientIP"].startswith("string; ")
        assert all("logpush-receiver emulate" in each for each in fields.values())

    def test_default_fields_are_the_documented_nine_else_visibly_ours(self, cloud: Cloud) -> None:
        nine = cloud.operations.default_fields(ZONE, "http_requests")
        assert len(nine) == 9
        assert "default of ours" not in "".join(nine.values())
        ours = cloud.operations.default_fields(ZONE, "spectrum_events")
        assert all("a default of ours" in each for each in ours.values())


class TestOrigin:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ("fields=RayID,ClientIP,EdgeStartTimestamp&timestamps=rfc3339", ""),
            ("fields=RayID&sample=0.001", ""),
            ("https://api.cloudflare.com/x/logs/received?start=1&end=2&fields=RayID", ""),
            ("", ""),
            (None, ""),
            ("fields=RayID,Nonsense", "no field Nonsense"),
            ("sample=0.0005", "from 0.001"),
            ("sample=1.01", "above 1"),
            ("timestamps=iso8601", "`timestamps`"),
            ("colour=blue", "unknown parameter"),
        ],
    )
    def test_options_are_valid_or_it_says_why(
        self, cloud: Cloud, options: str | None, says: str
    ) -> None:
        body = {"logpull_options": options, "dataset": "http_requests"}
        result = cloud.operations.validate_origin(ZONE, body)
        assert result["valid"] is (not says)
        assert says in result["message"]
        assert bool(says) == result["message"].startswith("logpush-receiver emulate: ")

    def test_an_account_needs_no_data_set_either(self, cloud: Cloud) -> None:
        body = {"logpull_options": "sample=0.1&fields=RayID"}
        assert cloud.operations.validate_origin(ACCOUNT, body)["valid"]

    def test_what_it_says_is_a_sentence_however_much_was_asked(self, cloud: Cloud) -> None:
        result = cloud.operations.validate_origin(ZONE, {"logpull_options": f"fields={'x' * 4000}"})
        assert len(result["message"]) < 200

    @pytest.mark.parametrize(
        "body", [{}, {"logpull_options": 5}, {"logpull_options": "", "dataset": "nonsense"}]
    )
    def test_what_is_no_question_is_refused(self, cloud: Cloud, body: dict[str, object]) -> None:
        with pytest.raises(Refusal) as error:
            cloud.operations.validate_origin(ZONE, body)
        assert code_of(error)[0] == 400
