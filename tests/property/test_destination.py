"""Whatever the destination_conf: a Destination or our error, and days survive the round trip."""

from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from receiver.destination.day import day_of_copy, misuses
from receiver.destination.destination import Destination, Scheme
from receiver.destination.parse import looks_like_conf, parse_destination
from receiver.errors import DestinationInvalid

PIECES = [
    "{DATE}", "<DATE>", "{date}", "%7BDATE%7D", "/", "//", "?", "&", "=", "#", "%", "%2F", "@", ":",
    ".", "..", "region", "sse=AES256", "access-key-id=", "secret-access-key=", "endpoint=",
    "account-id=", "sig=", "sp=rl", "header_A=", "blob.core.windows.net", "receiver/v1/http/", "b",
    "127.0.0.1:1", "[::1]", " ", "\u00e9", "\x00",
]  # fmt: skip
rests = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40)
confs = st.builds("{}://{}".format, st.sampled_from(list(Scheme)), rests) | st.text()
segments = st.text(alphabet="abc=-_.{DATE}09", min_size=1, max_size=8)
paths = st.lists(segments, max_size=3).map(lambda before: "".join(f"{x}/" for x in before))
days = st.dates(min_value=date(1, 1, 1))


def understood(conf: str) -> Destination | None:
    try:
        return parse_destination(conf)
    except DestinationInvalid:
        return None


@given(conf=confs)
@example(conf="{" * 4000)
@example(conf="s3://b/" + "{" * 4000)
@example(conf="file:///%FF")
def test_any_string_is_a_destination_or_our_error(conf: str) -> None:
    destination = understood(conf)
    misuses(conf)
    looks_like_conf(conf)
    if destination is not None:
        assert not misuses(conf)
        assert looks_like_conf(conf)
        assert str(destination).startswith(f"{destination.scheme}://")
        assert destination.identity
        assert repr(destination)


@given(conf=confs)
def test_the_same_conf_is_always_the_same_destination(conf: str) -> None:
    one, other = understood(conf), understood(conf)
    assert one == other
    if one is not None and other is not None:
        assert one.identity == other.identity


@given(conf=confs)
def test_a_stored_destination_s_path_is_a_folder(conf: str) -> None:
    destination = understood(conf)
    if destination is not None and destination.stored:
        assert destination.path == "" or destination.path.endswith("/")
        assert destination.prefix(date(2026, 11, 22)).startswith(destination.prefix_literal)


@given(before=paths, after=paths, day=days, name=st.text(max_size=20))
def test_a_key_s_day_is_the_day_it_was_written_for(
    before: str, after: str, day: date, name: str
) -> None:
    for scheme in ("gs", "s3"):
        destination = understood(f"{scheme}://b/{before}dt={{DATE}}/{after}")
        if destination is not None:
            assert destination.day_of(destination.prefix(day) + name) == day


@given(before=paths, day=days, name=st.text(max_size=20).filter(lambda name: "/" not in name))
def test_a_copy_s_day_is_that_of_its_folder(before: str, day: date, name: str) -> None:
    folder = day.isoformat().replace("-", "")
    assert day_of_copy(f"{before}{folder}/{name}") == day
