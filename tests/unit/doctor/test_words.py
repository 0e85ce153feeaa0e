"""Lines are sentences, and a store's error becomes one with a remedy."""

import pytest

from receiver.doctor.checkup import Status
from receiver.doctor.words import refusal, sentence
from receiver.errors import Reason, StoreDenied


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("it is so", "It is so."),
        ("s3://b: access denied", "s3://b: access denied."),
        ("`channel` is missing", "`channel` is missing."),
        ("header_X is missing", "header_X is missing."),
        ("It is so.", "It is so."),
        ("is it so?", "Is it so?"),
    ],
)
def test_a_text_becomes_a_sentence_and_names_stay_as_they_are(text: str, said: str) -> None:
    assert sentence(text) == said


def test_a_refusal_names_the_right_to_grant() -> None:
    error = StoreDenied("s3://b: denied", reason=Reason.LIST_DENIED, right="s3:ListBucket")
    found = refusal("list", error)
    assert (found.name, found.status) == ("list", Status.FAIL)
    assert found.remedy == "Grant s3:ListBucket."


def test_a_key_is_one_word_of_the_line() -> None:
    key = "x\n  ::error::y"
    found = refusal("read", StoreDenied(f"s3://b/{key}: access denied"), key=key)
    assert found.message == "s3://b/x\\x0a\\x20\\x20::error::y: access denied."


def test_every_reason_that_is_not_about_one_object_has_a_remedy() -> None:
    one_object = {Reason.OBJECT_MISSING, Reason.OBJECT_CHANGED, Reason.OBJECT_ARCHIVED}
    for reason in set(Reason) - one_object - {Reason.REFUSED}:
        assert refusal("list", StoreDenied("x", reason=reason, right="r")).remedy, reason
