"""A token held against a job: what differs, what is alike, and what nobody can tell."""

from datetime import timedelta
from typing import Any

import pytest

from receiver.api.scope import Scope
from receiver.destination.parse import parse_destination
from receiver.ownership.claims import shown
from receiver.ownership.fit import Difference, Fit, compare
from receiver.ownership.token import Claim, Token, read_token
from receiver.secret import Secret
from tests.unit.ownership.moments import NOW, token_of, until

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
OTHER = "9a7806061c88ada191ed06f989cc3dac"
CONF = "s3://acme-logs/http/{DATE}?region=eu-west-1"
SAS = "azure://a.blob.core.windows.net/c/logs?sp=w&se=2031-01-01&sig="


def fit(claims: dict[str, Any], *, conf: str = CONF, scope: Scope | None = None) -> Fit:
    token = read_token(token_of({**until(NOW + timedelta(days=6)), **claims}))
    assert isinstance(token, Token)
    return compare(
        token, conf=Secret(conf), destination=parse_destination(conf), scope=scope, now=NOW
    )


def only(found: Fit) -> Difference:
    assert len(found.differences) == 1, found
    return found.differences[0]


def of_confs(said: str, wanted: str) -> list[tuple[str, str]]:
    found = fit({"destination_conf": said}, conf=wanted)
    assert {each.what for each in found.differences} == {"destination_conf"}
    assert "destination_conf" not in found.matches
    return [(each.said, each.wanted) for each in found.differences]


def zone(object_id: str = ZONE) -> Scope:
    return Scope(kind="zone", id=object_id)


def test_a_token_for_the_job_fits() -> None:
    found = fit({"dst": CONF, "typ": "x", "objectType": "zone", "objectId": ZONE}, scope=zone())
    assert found.differences == ()
    assert set(found.matches) == {"expiry", "destination_conf", "object type", "object id"}
    assert found.unrecognised == ("typ",)
    assert found.notes == ()


def test_what_is_no_jwt_has_nothing_to_compare() -> None:
    token = read_token(b"00000000000000000000")
    assert isinstance(token, Token)
    found = compare(
        token, conf=Secret(CONF), destination=parse_destination(CONF), scope=zone(), now=NOW
    )
    assert found.differences == ()
    assert found.matches == ()
    assert "it is no JWT" in found.notes[0]


def test_what_could_not_be_compared_is_said() -> None:
    found = fit({"fingerprint": "ab" * 16})
    assert found.unrecognised == ("fingerprint",)
    assert len(found.notes) == 2
    token = read_token(token_of({"a": 1}))
    assert isinstance(token, Token)
    found = compare(
        token, conf=Secret(CONF), destination=parse_destination(CONF), scope=zone(), now=NOW
    )
    assert found.notes == (
        "the token does not say when it expires",
        "no claim is known for the destination_conf: it was not compared",
        "no claim is known for the zone's id",
    )


# --- time


def test_an_expired_token_differs() -> None:
    difference = only(fit({"c": CONF, **until(NOW)}))
    assert difference.what == "expiry"
    assert difference.said == "expired at 2026-11-22T10:00:00Z"


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_from_the_future_differs_but_for_clocks_that_are_minutes_apart(name: str) -> None:
    ahead = int((NOW + timedelta(minutes=5)).timestamp())
    assert fit({"c": CONF, name: ahead}).differences == ()
    assert only(fit({"c": CONF, name: ahead + 1})).what == "validity"


def test_a_time_that_cannot_be_read_is_not_compared() -> None:
    found = fit({"c": CONF, "nbf": "soon"})
    assert found.differences == ()
    assert "nbf" in found.unrecognised


# --- destination_conf


@pytest.mark.parametrize("name", ["destination_conf", "dc", "aud", "x.y"])
def test_the_destination_conf_is_known_by_its_value_whatever_the_name(name: str) -> None:
    assert "destination_conf" in fit({name: CONF}).matches


@pytest.mark.parametrize(
    ("said", "wanted", "differences"),
    [
        ("gs://b/logs", "r2://b/logs?account-id=1&access-key-id=2&secret-access-key=3",
         [("gs://b/logs", "r2://b/logs")]),
        ("gs://b/logs", "gs://c/logs", [("bucket b", "bucket c")]),
        ("gs://b/", "gs://b/logs/{DATE}", [("path (none)", "path logs/{DATE}/")]),
        ("gs://b/logs/{DATE}", "gs://b/logs", [("path logs/{DATE}/", "path logs/")]),
        ("gs://b/logs", "gs://b/logs/",
         [("no slash at the path's end", "a slash at the path's end")]),
        ("gs://b/<DATE>", "gs://b/{DATE}", [("<DATE>", "{DATE}")]),
        ("s3://b?region=x", "s3://b?region=y", [("`region` x", "`region` y")]),
        ("s3://b", "s3://b?region=y", [("no parameter `region`", "with `region`")]),
        ("s3://b?region=y&sse=AES256", "s3://b?region=y", [("with parameter `sse`", "no `sse`")]),
        ("s3://b?region=y&sse=AES256", "s3://b?sse=AES256&region=y",
         [("the parameters in another order", "in the job's order")]),
        ("s3://b?region=eu%2Dwest", "s3://b?region=eu-west",
         [("`region` with other % escapes", "as the job has it")]),
        (f"{SAS}PLANTED", f"{SAS}OTHER", [("another value of `sig`", "the job's")]),
        ("azure://a.blob.core.windows.net/c?sig=x", "azure://b.blob.core.windows.net/d?sig=x",
         [("account a.blob.core.windows.net", "account b.blob.core.windows.net"),
          ("container c", "container d")]),
        ("file:///a/b", "file:///a/c", [("folder /a/b", "folder /a/c")]),
        ("sumo://a.sumologic.com/receiver/v1/http/PLANTED",
         "sumo://a.sumologic.com/receiver/v1/http/OTHER",
         [("another [redacted] in the path", "the job's")]),
        ("https://a.com/x?header_A=PLANTED", "https://a.com/x?c2VjcmV0==",
         [("no parameter one that is not known", "with one that is not known"),
          ("with parameter `header_A`", "no `header_A`")]),
        ("https://a.com/x?tags=a&PLANTED=a", "https://a.com/x?tags=a&PLANTED=b",
         [("another value of one that is not known", "the job's")]),
        ("S3://b?region=y", "s3://b?region=y", [("other capitals", "as the job has it")]),
        ("s3://b?region=y&", "s3://b?region=y",
         [("the same, written in another way", "as the job has it")]),
        ("s3://b?PLANTED", "s3://b?region=y",
         [("s3://[redacted], which cannot be understood", "s3://b")]),
    ],
)  # fmt: skip
def test_a_destination_conf_that_differs_does_so_part_by_part(
    said: str, wanted: str, differences: list[tuple[str, str]]
) -> None:
    assert of_confs(said, wanted) == differences
    assert "PLANTED" not in repr(fit({"destination_conf": said}, conf=wanted))


def test_several_parts_may_differ_at_once() -> None:
    assert len(of_confs("s3://b/logs?region=x", "s3://c/{DATE}?region=y&sse=AES256")) == 4


def test_an_address_is_no_destination_unless_its_name_says_so() -> None:
    issuer = "https://api.cloudflare.com/client/v4"
    found = fit({"iss": issuer, "c": CONF})
    assert found.differences == ()
    assert found.unrecognised == ("iss",)
    assert fit({"iss": issuer}).differences == ()
    assert fit({"destination": issuer}).differences != ()


def test_beside_the_job_s_own_conf_another_one_proves_nothing() -> None:
    found = fit({"prefix": "s3://acme-logs/http", "c": CONF})
    assert found.differences == ()
    assert found.unrecognised == ("prefix",)


def test_of_two_other_confs_the_one_that_is_named_so_is_compared() -> None:
    found = fit({"a": "gs://x", "dest": "s3://other/http/{DATE}?region=eu-west-1"})
    assert only(found).said == "bucket other"
    assert found.unrecognised == ("a",)


# --- zone or account


@pytest.mark.parametrize("name", ["sub", "id", "zone_id", "zoneID", "zoneid", "object.tag", "x"])
def test_the_job_s_id_is_known_under_any_name(name: str) -> None:
    assert "object id" in fit({"c": CONF, name: ZONE.upper()}, scope=zone()).matches


@pytest.mark.parametrize("name", ["zone_id", "zoneTag", "object_id", "objectId", "resource.id"])
def test_another_id_differs_where_its_name_says_that_it_is_one(name: str) -> None:
    difference = only(fit({"c": CONF, name: OTHER}, scope=zone()))
    assert (difference.what, difference.said, difference.wanted) == ("object id", OTHER, ZONE)
    assert f"/zones/{ZONE}" in difference.remedy


@pytest.mark.parametrize(
    "name",
    ["sub", "id", "tag", "x.id", "jti", "kid", "fingerprint", "job_id", "request_id", "destId"],
)
def test_other_digits_are_not_taken_for_the_object_s_id(name: str) -> None:
    found = fit({"c": CONF, name: OTHER}, scope=zone())
    assert found.differences == ()
    assert name in found.unrecognised


@pytest.mark.parametrize("value", [12345, "12345", "abc", True])
def test_an_id_of_another_form_cannot_be_compared(value: object) -> None:
    found = fit({"c": CONF, "zone_id": value}, scope=zone())
    assert found.differences == ()
    assert "zone_id" in found.unrecognised


def test_a_zone_s_token_may_name_its_account_too() -> None:
    for scope in (zone(), Scope(kind="account", id=OTHER)):
        found = fit({"c": CONF, "zone_id": ZONE, "account_id": OTHER}, scope=scope)
        assert found.differences == ()
        assert "object id" in found.matches


def test_an_account_s_token_does_not_fit_a_zone_s_job() -> None:
    difference = only(fit({"c": CONF, "account_id": OTHER}, scope=zone()))
    assert (difference.what, difference.said, difference.wanted) == (
        "object type", "account", "zone",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["type", "kind", "object_type", "objectKind", "scope"])
@pytest.mark.parametrize("value", ["account", "Tenant"])
def test_another_type_of_object_differs(name: str, value: str) -> None:
    difference = only(fit({"c": CONF, name: value, "id": ZONE}, scope=zone()))
    assert (difference.what, difference.said) == ("object type", value.lower())


@pytest.mark.parametrize(("name", "value"), [("plan", "account"), ("type", "JWT"), ("type", "z")])
def test_a_type_needs_a_name_and_a_value_that_say_so(name: str, value: str) -> None:
    found = fit({"c": CONF, name: value, "id": ZONE}, scope=zone())
    assert found.differences == ()
    assert found.unrecognised == (name,)


def test_without_a_scope_nothing_is_said_of_zone_and_account() -> None:
    found = fit({"c": CONF, "zone_id": OTHER, "type": "zone"})
    assert found.differences == ()
    assert found.notes == ("whether it is for the job's zone or account was not compared",)


# --- what is shown


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("a", f"{SAS}PLANTED", "azure://a.blob.core.windows.net/c/logs"),
        ("a", "s3://b?PLANTED", "s3://[redacted]"),
        ("a", "PLANTED", "[redacted]"),
        ("a", '["PLANTED"]', "[redacted]"),
        ("fp", ZONE, "[redacted]"),
        ("zone_id", ZONE, ZONE),
        ("type", "zone", "zone"),
        ("id", ZONE, "[redacted]"),
        ("exp", "1795341600", "1795341600"),
        ("expires_at", "1795341600.5", "1795341600.5"),
        ("notValidUntil", "1795341600", "1795341600"),
        ("pin", "1795341600", "[redacted]"),
        ("exp", "4111111111111111", "[redacted]"),
        ("n", "-12", "[redacted]"),
        ("ok", "true", "true"),
    ],
)
def test_of_a_claim_only_what_is_known_to_be_harmless_is_shown(
    name: str, value: str, text: str
) -> None:
    assert shown(Claim(name=name, value=Secret(value))) == text


@pytest.mark.parametrize(
    "name",
    [
        "s3://b?secret=PLANTED",
        "PLANTED==",
        "P" * 65,
        "P\n",
        "AKIAPPPPPPPPEXAMPLE",
        "wJalrPPPPPPPPMI7MDENGbPxRfiCY",
        "d41d8cd98f00b204e9800998ecf8427e",
        "aGVsbG8gd29ybGQ",
        "p" * 21,
        "destination_conf_of_the_job_that_is_to_be",
    ],
)
def test_a_claim_s_name_may_be_a_secret_as_well(name: str) -> None:
    claim = Claim(name=name, value=Secret(""))
    assert claim.shown_name == "[redacted]"
    assert repr(claim) == "Claim(name='[redacted]', value=[redacted])"
    assert name not in repr(fit({name: 1}))


@pytest.mark.parametrize(
    "name", ["exp", "c", "destination_conf", "objectId", "zoneID", "x.kind", "v2", "Destination"]
)
def test_a_claim_s_name_that_is_made_of_words_is_shown(name: str) -> None:
    assert Claim(name=name, value=Secret("")).shown_name == name
