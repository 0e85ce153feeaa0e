"""The {DATE} token: expanded, read back, and its misuses named."""

from datetime import date

import pytest

from receiver.destination.day import (
    day_in,
    day_of_copy,
    expand,
    literal_prefix,
    misuses,
    other_tokens,
    unsubstituted,
)

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("path", "expanded", "literal"),
    [
        ("http/{DATE}/", "http/20261122/", "http/"),
        ("http/date={DATE}/x/", "http/date=20261122/x/", "http/date="),
        ("{DATE}/{DATE}/", "20261122/20261122/", ""),
        ("http/", "http/", "http/"),
        ("", "", ""),
        ("http/{date}/", "http/{date}/", "http/{date}/"),
    ],
)
def test_the_day_replaces_every_token(path: str, expanded: str, literal: str) -> None:
    assert expand(path, DAY) == expanded
    assert literal_prefix(path) == literal


def test_an_early_year_is_four_digits_too() -> None:
    assert expand("{DATE}/", date(33, 4, 3)) == "00330403/"


@pytest.mark.parametrize(
    ("path", "key", "day"),
    [
        ("http/{DATE}/", "http/20261122/x.log.gz", DAY),
        ("http/{DATE}/", "http/20261122/hour/x.log.gz", DAY),
        ("http/date={DATE}/", "http/date=20261122/x.log.gz", DAY),
        ("{DATE}/a/{DATE}/", "20261122/a/20261122/x", DAY),
        ("{DATE}/a/{DATE}/", "20261122/a/20261123/x", None),
        ("http/{DATE}/", "http/20261322/x.log.gz", None),
        ("http/{DATE}/", "http/00000101/x.log.gz", None),
        ("http/{DATE}/", "http/٢٠٢٦١١٢٢/x.log.gz", None),
        ("http/{DATE}/", "http/20261122x/x.log.gz", None),
        ("http/{DATE}/", "other/20261122/x.log.gz", None),
        ("http/{DATE}/", "http/{DATE}/x.log.gz", None),
        ("http/{DATE}/", "http/2026", None),
        ("http/", "http/20261122/x.log.gz", None),
        ("", "20261122/x.log.gz", None),
    ],
)
def test_a_key_names_its_day_where_the_path_has_the_token(
    path: str, key: str, day: date | None
) -> None:
    assert day_in(path, key) == day


@pytest.mark.parametrize(
    ("key", "day"),
    [
        ("20261122/x.log.gz", DAY),
        ("20251231/20261122/x.log.gz", DAY),
        ("20261122/http/x.log.gz", DAY),
        ("20261122/99999999/x.log.gz", DAY),
        ("date=20261122/x.log.gz", None),
        ("20261122", None),
        ("x/20261122", None),
        ("x.log.gz", None),
        ("", None),
    ],
)
def test_a_copy_s_day_is_the_nearest_folder_that_is_a_date(key: str, day: date | None) -> None:
    assert day_of_copy(key) == day


@pytest.mark.parametrize("token", ["{DATE}", "<DATE>", "%7BDATE%7D", "%7bDATE%7d"])
def test_a_token_that_was_left_in_a_key_is_found(token: str) -> None:
    assert unsubstituted(f"http/{token}/x.log.gz") == token


def test_a_substituted_key_holds_no_token() -> None:
    assert unsubstituted("http/20261122/DATE/x.log.gz") is None


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("{date}", "`{date}` is not in capitals"),
        ("{Date}", "`{Date}` is not in capitals"),
        ("<date>", "`<date>` is not in capitals"),
        ("{{DATE}}", "`{{DATE}}` has doubled brackets"),
        ("{{DATE}", "`{{DATE}` has doubled brackets"),
        ("<{DATE}>", "`<{DATE}>` has doubled brackets"),
        ("%7BDATE%7D", "`%7BDATE%7D` is percent-encoded"),
        ("%7bdate%7d", "`%7bdate%7d` is percent-encoded"),
        ("%3CDATE%3E", "`%3CDATE%3E` is percent-encoded"),
        ("${DATE}", "`${DATE}` is a variable"),
        ("$DATE", "`$DATE` is a variable"),
        ("%DATE%", "`%DATE%` is a variable"),
        ("{ DATE }", "`{ DATE }` is not the token"),
        ("{DATE", "`{DATE` is not the token"),
        ("DATE}", "`DATE}` is not the token"),
        ("{DATE>", "`{DATE>` is not the token"),
    ],
)
def test_a_misuse_in_the_path_is_named_with_its_remedy(path: str, says: str) -> None:
    (said,) = misuses(f"s3://b/logs/date={path}/x?region=r")
    assert said.startswith(says)
    assert said.endswith("write {DATE}")


@pytest.mark.parametrize("token", ["{DATE}", "<DATE>", "{date}", "%7BDATE%7D"])
def test_a_token_in_the_parameters_is_a_misuse(token: str) -> None:
    (said,) = misuses(f"s3://b/logs?region={token}")
    assert "in the parameters" in said


@pytest.mark.parametrize(
    "conf",
    [
        "s3://b-{DATE}/logs",
        "s3://{DATE}",
        "azure://a.blob.core.windows.net/{DATE}/logs?sig=x",
        "azure://c-{DATE}/logs?sig=x",
        "https://{DATE}.example.com/x",
    ],
)
def test_a_token_before_the_path_is_a_misuse(conf: str) -> None:
    (said,) = misuses(conf)
    assert "before the path" in said


def test_all_misuses_are_listed_each_once() -> None:
    assert len(misuses("s3://b/{date}/{date}/%7BDATE%7D?x={DATE}")) == 3


@pytest.mark.parametrize(
    "conf",
    [
        "s3://b/logs/{DATE}",
        "s3://b/{DATE}/date={DATE}{DATE}/",
        "s3://b/<DATE>/x",
        "azure://a.blob.core.windows.net/c/{DATE}?sig=x",
        "s3://b/date/DATE/updated/date=x",
        "s3://b/update{x}",
        "not a conf {date}",
        "",
    ],
)
def test_right_use_and_ordinary_words_are_no_misuse(conf: str) -> None:
    assert misuses(conf) == ()


def test_tokens_of_another_kind_are_told_apart() -> None:
    path = "{HOUR}/%Y-%m/{DATE}/<DATE>/<zone>/x%20y/"
    assert other_tokens(path) == ("{HOUR}", "%Y-%m", "<zone>")
