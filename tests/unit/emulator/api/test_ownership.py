"""Challenges: where they lie, what the answer says, and what proves nothing."""

import pytest

from receiver.emulator.api.refusals import Refusal
from tests.unit.emulator.api.local_cloud import ACCOUNT, OTHER_ZONE, ZONE, Cloud, code_of

SUMO = "sumo://endpoint1.collection.us2.sumologic.com/receiver/v1/http/CODE"


async def test_the_answer_names_the_key_of_what_was_written(cloud: Cloud) -> None:
    conf = cloud.conf("logs/{DATE}/http")
    answer = await cloud.operations.challenge(ZONE, {"destination_conf": conf})
    assert answer == {
        "filename": "20261122/http/ownership-challenge-000000ab.txt",
        "valid": True,
        "message": "",
    }
    written = cloud.folder / "logs" / answer["filename"]
    body = {"destination_conf": conf, "ownership_challenge": written.read_text()}
    assert cloud.operations.validate_challenge(ZONE, body) == {"valid": True}
    for scope in (OTHER_ZONE, ACCOUNT):
        assert cloud.operations.validate_challenge(scope, body) == {"valid": False}


async def test_each_is_another_file(cloud: Cloud) -> None:
    body = {"destination_conf": cloud.conf()}
    names = {(await cloud.operations.challenge(ZONE, body))["filename"] for _ in range(3)}
    assert len(names) == 3


async def test_in_a_bucket_the_name_has_the_path_and_not_the_bucket(cloud: Cloud) -> None:
    body = {"destination_conf": "s3://burritobot/logs?region=us-west-2"}
    answer = await cloud.operations.challenge(ZONE, body)
    assert answer["filename"] == "logs/ownership-challenge-000000ab.txt"
    body = {"destination_conf": "s3://burritobot?region=us-west-2"}
    answer = await cloud.operations.challenge(ZONE, body)
    assert answer["filename"] == "ownership-challenge-000000ac.txt"


async def test_to_sumo_it_is_posted(cloud: Cloud) -> None:
    answer = await cloud.operations.challenge(ZONE, {"destination_conf": SUMO})
    (upload,) = cloud.way.uploads
    assert (upload.kind, upload.key) == ("challenge", answer["filename"])
    assert answer["valid"]
    assert "/" not in answer["filename"]


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ("nonsense", "does not begin with a scheme"),
        ("https://logs.example.com?header_Authorization=SECRET", "takes no challenge"),
        ("s3://bucket/" + "d" * 3500 + "?region=x", "too long for a token"),
    ],
)
async def test_a_refusal_is_an_answer_that_is_not_valid(cloud: Cloud, conf: str, says: str) -> None:
    answer = await cloud.operations.challenge(ZONE, {"destination_conf": conf})
    assert answer["valid"] is False
    assert says in answer["message"]
    assert answer["message"].startswith("logpush-receiver emulate: ")
    assert "SECRET" not in answer["message"]


async def test_so_is_a_destination_that_cannot_be_written(cloud: Cloud) -> None:
    (cloud.folder / "logs").write_text("a file where the folder should be")
    answer = await cloud.operations.challenge(ZONE, {"destination_conf": cloud.conf("logs/x")})
    assert answer["valid"] is False
    assert "logpush-receiver emulate" in answer["message"]


@pytest.mark.parametrize("body", [{}, {"destination_conf": 5}, {"destination_conf": ""}])
async def test_what_is_no_question_is_refused(cloud: Cloud, body: dict[str, object]) -> None:
    with pytest.raises(Refusal) as error:
        await cloud.operations.challenge(ZONE, body)
    assert code_of(error)[0] == 400
    with pytest.raises(Refusal):
        cloud.operations.validate_challenge(ZONE, {**body, "ownership_challenge": "x"})


def test_a_token_for_what_is_no_destination_proves_nothing(cloud: Cloud) -> None:
    body = {"destination_conf": "nonsense", "ownership_challenge": "x"}
    assert cloud.operations.validate_challenge(ZONE, body) == {"valid": False}


async def test_the_log_says_which_claim_differs_and_shows_none(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    conf = "s3://bucket/logs?region=x&access-key-id=AKIA&secret-access-key=SECRET"
    token = await cloud.token(conf)
    body = {"destination_conf": conf + "&sse=AES256", "ownership_challenge": token}
    assert cloud.operations.validate_challenge(ZONE, body) == {"valid": False}
    assert "destination_conf differs" in caplog.text
    assert not any(secret in caplog.text for secret in ("SECRET", "AKIA", token))


class TestValidateDestination:
    async def test_it_writes_the_test_object(self, cloud: Cloud) -> None:
        body = {"destination_conf": cloud.conf()}
        result = await cloud.operations.validate_destination(body)
        assert result == {"valid": True, "message": ""}
        assert (cloud.folder / "logs" / "test.txt.gz").exists()

    @pytest.mark.parametrize("conf", ["nonsense", "s3://bucket"])
    async def test_it_says_why_not(self, cloud: Cloud, conf: str) -> None:
        result = await cloud.operations.validate_destination({"destination_conf": conf})
        assert result["valid"] is False
        assert result["message"].startswith("logpush-receiver emulate: destination_conf")
