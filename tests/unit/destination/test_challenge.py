"""Which destinations need a token, and where their challenge may lie."""

from datetime import UTC, datetime

import pytest

from receiver.destination.challenge import challenge_folders, is_challenge_name, requirement
from receiver.destination.parse import parse_destination

NOW = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
KEYS = "access-key-id=a&secret-access-key=b"


@pytest.mark.parametrize(
    ("conf", "required"),
    [
        ("s3://b/logs?region=eu-west-1", True),
        ("s3://b/logs?region=eu-west-1&sse=AES256", True),
        (f"s3://b/logs?region=eu-west-1&{KEYS}", False),
        (f"s3://b/logs?region=auto&endpoint=example.com&{KEYS}", False),
        ("s3://b/logs?region=auto&endpoint=example.com", False),
        (f"r2://b/logs?account-id=0&{KEYS}", False),
        ("gs://b/logs", True),
        ("azure://a.blob.core.windows.net/c/logs?sig=x", True),
        ("file:///var/logs", True),
        ("sumo://endpoint1.collection.sumologic.com/receiver/v1/http/code", True),
        ("https://example.com/logs", False),
        ("splunk://example.com:8088/services/collector/raw", False),
        ("datadog://http-intake.logs.datadoghq.com/v1/input?header_DD-API-KEY=x", False),
        ("sentinelone://example.com/services/collector/raw", False),
        ("bq://projects/p/datasets/d/tables/t?credentials=x", False),
        ("kinesis://stream?region=eu-west-1", None),
        ("ibmcl://i.ingress.eu.logs.cloud.ibm.com/logs/v1/singles?ibm_api_key=x", None),
    ],
)
def test_it_is_known_which_destinations_need_a_token(conf: str, required: bool | None) -> None:
    needed = requirement(parse_destination(conf))
    assert needed.required is required
    assert needed.why


def test_keys_that_are_not_there_prove_nothing() -> None:
    why = requirement(parse_destination("s3://b/logs?region=auto&endpoint=example.com")).why
    assert "proven by its keys" not in why
    assert "the conf lacks the keys" in why


@pytest.mark.parametrize("now", [datetime.min, datetime.max])
def test_the_first_and_the_last_day_have_folders_too(now: datetime) -> None:
    folders = challenge_folders(parse_destination("gs://b/{DATE}"), now.replace(tzinfo=UTC))
    assert f"{now:%Y%m%d}/".rjust(9, "0") in folders


@pytest.mark.parametrize(
    ("conf", "folders"),
    [
        ("s3://b?region=x", ("",)),
        ("gs://b/logs", ("logs/",)),
        ("gs://b/logs//x/", ("logs//x/",)),
        ("gs://b/{DATE}", ("", "20261101/", "20261031/", "{DATE}/")),
        ("gs://b/<DATE>", ("", "20261101/", "20261031/", "{DATE}/", "<DATE>/")),
        (
            "gs://b/http/dt={DATE}/x",
            (
                "http/",
                "http/dt=",
                "http/dt=20261101/x/",
                "http/dt=20261031/x/",
                "http/dt={DATE}/x/",
            ),
        ),
        ("file:///var/logs", ("",)),
        ("file:///var/logs/{DATE}", ("", "20261101/", "20261031/", "{DATE}/")),
    ],
)
def test_a_challenge_is_looked_for_wherever_the_date_may_have_put_it(
    conf: str, folders: tuple[str, ...]
) -> None:
    assert challenge_folders(parse_destination(conf), NOW) == folders


@pytest.mark.parametrize(
    "name",
    [
        "ownership-challenge.txt",
        "ownership-challenge-1234.txt",
        "ownership-challenge-00112233445566778899aabbccddeeff.txt",
    ],
)
def test_a_challenge_is_known_by_its_name(name: str) -> None:
    assert is_challenge_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ownership-challenge",
        "ownership-challenge.txt.gz",
        "ownership-challenge/x.txt",
        "logs/ownership-challenge.txt",
        "my-ownership-challenge.txt",
        "challenge.txt",
    ],
)
def test_other_names_are_no_challenge_s(name: str) -> None:
    assert not is_challenge_name(name)
