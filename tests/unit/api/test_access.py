"""Who asks, where, and about what: out of options and the environment, or our error."""

import pytest

from receiver.api.address import BASE_URL, find_base_url
from receiver.api.credentials import find_credentials
from receiver.api.scope import Scope, read_scope
from receiver.errors import ConfigError
from receiver.secret import Secret
from tests.servers.logpush_api import ACCOUNT, ZONE

PAIR = {"CLOUDFLARE_EMAIL": "a@example.com", "CLOUDFLARE_API_KEY": "PLANTED-key"}


# --- credentials ---


def test_a_token_is_sent_as_a_bearer() -> None:
    found = find_credentials({"CLOUDFLARE_API_TOKEN": " PLANTED\n"})
    assert found.headers() == {"Authorization": "Bearer PLANTED"}
    assert "PLANTED" not in repr(found)


def test_an_email_and_a_key_are_sent_as_they_are() -> None:
    found = find_credentials(PAIR)
    assert found.headers() == {"X-Auth-Email": "a@example.com", "X-Auth-Key": "PLANTED-key"}
    assert "PLANTED" not in repr(found)


def test_a_token_goes_before_a_key() -> None:
    assert find_credentials({**PAIR, "CLOUDFLARE_API_TOKEN": "T"}).token == Secret("T")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "export CLOUDFLARE_API_TOKEN"),
        ({"CLOUDFLARE_API_TOKEN": " "}, "export CLOUDFLARE_API_TOKEN"),
        ({"CLOUDFLARE_EMAIL": "a@example.com"}, "without CLOUDFLARE_API_KEY"),
        ({"CLOUDFLARE_API_KEY": "PLANTED"}, "without CLOUDFLARE_EMAIL"),
        ({"CLOUDFLARE_API_TOKEN": "PLANTED\r\nX: y"}, "no header can have"),
        ({"CLOUDFLARE_API_TOKEN": "PLANTED é"}, "no header can have"),
    ],
)
def test_credentials_that_cannot_be_sent_are_named_and_not_shown(
    environ: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as got:
        find_credentials(environ)
    assert "PLANTED" not in str(got.value)


# --- address ---


def test_the_address_is_cloudflares_unless_another_is_given() -> None:
    environ = {"CLOUDFLARE_BASE_URL": "https://named.example/client/v4/"}
    assert str(find_base_url(None, {})) == BASE_URL
    assert str(find_base_url(None, environ)) == "https://named.example/client/v4"
    assert str(find_base_url("https://given.example/x", environ)) == "https://given.example/x"


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"])
def test_this_machine_is_asked_without_tls_and_the_path_may_be_left_out(host: str) -> None:
    assert str(find_base_url(f"http://{host}", {})) == f"http://{host}/client/v4"
    assert str(find_base_url(f"http://{host}/client/v4/", {})) == f"http://{host}/client/v4"


@pytest.mark.parametrize(
    "wrong",
    [
        "http://api.cloudflare.com/client/v4",
        "http://127.0.0.1.example.com/",
        "api.cloudflare.com",
        "ftp://x/",
        "https://",
        "https://user:PLANTED@api.example/",
        "https://api.example/?key=PLANTED",
        "https://api.example:x/",
        "http://[::1",
    ],
)
def test_an_address_that_would_tell_others_or_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="--api-url") as got:
        find_base_url(wrong, {})
    assert "PLANTED" not in str(got.value)


# --- zone or account ---


def test_a_zone_or_an_account_is_named_by_its_id() -> None:
    assert read_scope(ZONE.upper(), None) == Scope(kind="zone", id=ZONE)
    assert read_scope(None, ACCOUNT) == Scope(kind="account", id=ACCOUNT)


@pytest.mark.parametrize(
    ("zone", "account"),
    [(None, None), (ZONE, ACCOUNT), ("example.com", None), ("../x", None), ("", None), ("٣", None)],
)
def test_what_is_no_id_is_refused(zone: str | None, account: str | None) -> None:
    with pytest.raises(ConfigError, match="--zone"):
        read_scope(zone, account)
