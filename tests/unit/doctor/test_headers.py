"""What the doctor says of header_ parameters: names, and never a value."""

import pytest

from receiver.destination.parse import parse_destination
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.headers import judge_headers

SECRETS = ("s3cr3t", "czNjcjN0", "dXNlcjpzM2NyM3Q")


def judged(query: str) -> list[Checkup]:
    return list(judge_headers(parse_destination(f"https://logs.example.com/in?{query}")))


def test_good_headers_are_named_in_one_line() -> None:
    lines = judged("header_Authorization=Basic%20dXNlcjpwYXNzd29yZA%3D%3D&a=b&header_X-Key=s3cr3t")
    assert [(each.status, each.message) for each in lines] == [
        (Status.PASS, "Sent with every push: Authorization, X-Key.")
    ]


def test_without_headers_nothing_is_said() -> None:
    assert judged("tags=a:b") == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Basic%2520dXNlcjpzM2NyM3Q=", "still holds an escape"),
        ("Basic s3cr3t", "not encoded"),
        ("Bearer%20s3cr3té", "not encoded"),
        ("s3cr3t%20", "begins or ends with a blank"),
        ("%20s3cr3t", "begins or ends with a blank"),
        ("Bearer+s3cr3t", "+ where a blank belongs"),
        ("Basic%20user:s3cr3t", "not base64 of user:password"),
        ("basic%20czNjcjN0", "not base64 of user:password"),  # no colon in it
        ("", "empty"),
    ],
)
def test_a_value_that_seems_wrong_is_a_warning_that_does_not_show_it(
    value: str, words: str
) -> None:
    (found,) = judged(f"a=b&header_Authorization={value}")
    assert found.status is Status.WARN
    assert words in found.message
    assert "`header_Authorization`" in found.message
    assert found.remedy
    assert not {"s3cr3t", "czNjcjN0", "dXNlcjpzM2NyM3Q"} & set(
        repr(found).replace(":", " ").split()
    )
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize(
    "value",
    ["Bearer%20eyJh.b-_c", "Splunk%2012345678-1234-1234-1234-123456789012", "a+b/c==", "100%25"],
)
def test_values_that_only_look_odd_pass(value: str) -> None:
    assert [each.status for each in judged(f"header_X={value}")] == [Status.PASS]


def test_a_header_given_twice_is_a_warning() -> None:
    (found,) = judged("header_X-Key=a&header_x-key=b")
    assert "given 2 times" in found.message
