"""The codes: told apart, and what is no document's is visibly ours."""

from receiver.emulator.api import refusals
from receiver.emulator.api.refusals import Kind, Refusal

KINDS = [value for value in vars(refusals).values() if isinstance(value, Kind)]


def test_no_two_share_a_code() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS) > 15


def test_documented_ones_have_their_text_and_the_others_our_name() -> None:
    for kind in KINDS:
        assert kind.text or not kind.documented
        assert kind.text or Refusal(kind, "why").message == "logpush-receiver emulate: why"


def test_what_has_our_name_does_not_get_it_twice() -> None:
    text = "error uploading (logpush-receiver emulate: no space)"
    assert refusals.marked(text) == text
