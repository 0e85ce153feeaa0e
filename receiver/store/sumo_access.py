"""Who we are to Sumo Logic, and at which address its API answers for a destination.

Source: Sumo Logic, "API Authentication, Endpoints, and Security"; the variables are those of
Sumo's Terraform provider, and of its collector's image.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

import msgspec
from yarl import URL

from receiver.destination.destination import Destination
from receiver.errors import ConfigError, Reason, StoreDenied
from receiver.secret import Secret
from receiver.store.web import is_loopback

ID_NAMES: Final = ("SUMOLOGIC_ACCESSID", "SUMO_ACCESS_ID")
KEY_NAMES: Final = ("SUMOLOGIC_ACCESSKEY", "SUMO_ACCESS_KEY")
BASE_URL_NAME: Final = "SUMOLOGIC_BASE_URL"

API_PATH: Final = "/api/v1/search/jobs"

# endpoint[N].collection.[deployment].sumologic.com or collectors.[deployment]...; us1 has no name.
_COLLECTION: Final = re.compile(
    r"(?:endpoint[0-9]+\.collection|collectors)(?:\.([a-z0-9]+))?\.sumologic\.com(?::443)?"
)


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """An access id with its key."""

    access_id: Secret
    access_key: Secret

    def header(self) -> str:
        """Return the value of `Authorization`, RFC 7617."""
        pair = f"{self.access_id.reveal()}:{self.access_key.reveal()}"
        return f"Basic {b64encode(pair.encode()).decode()}"

    def hide(self, text: str) -> str:
        """Return a text of Sumo's without the two, should it ever quote them."""
        for secret in (self.access_key, self.access_id):
            text = text.replace(secret.reveal(), str(secret))
        return text


def find_keys(environ: Mapping[str, str], *, name: str) -> Keys:
    """Take the keys from the environment; blanks and line ends around them are not theirs.

    Raises:
        StoreDenied: one of them is missing, with the reason `keys-missing`.
    """
    access_id = _first(environ, ID_NAMES)
    access_key = _first(environ, KEY_NAMES)
    if access_id and access_key:
        return Keys(access_id=Secret(access_id), access_key=Secret(access_key))
    missing = [
        names[0] for names, value in ((ID_NAMES, access_id), (KEY_NAMES, access_key)) if not value
    ]
    raise StoreDenied(
        f"{name}: no access key: set {' and '.join(missing)} in the environment; "
        "Sumo's page Preferences, Access Keys, makes one",
        reason=Reason.KEYS_MISSING,
    )


def find_api(
    destination: Destination, *, endpoint_url: str | None, environ: Mapping[str, str]
) -> URL:
    """Return the API's address without its path: as given, or by the deployment in the conf's host.

    Raises:
        ConfigError: the host names no deployment, or the address cannot be used.
    """
    if endpoint_url:
        return _read_address(endpoint_url, said_by="the endpoint URL")
    if base_url := environ.get(BASE_URL_NAME, "").strip():
        return _read_address(base_url, said_by=BASE_URL_NAME)
    match = _COLLECTION.fullmatch(destination.bucket)
    if not match:
        raise ConfigError(
            f"{destination}: the host names no deployment of Sumo Logic; set {BASE_URL_NAME} or "
            "--endpoint-url to the API's address, such as https://api.us2.sumologic.com/api/"
        )
    deployment = match.group(1) or "us1"
    host = "api.sumologic.com" if deployment == "us1" else f"api.{deployment}.sumologic.com"
    return URL.build(scheme="https", host=host)


def may_follow(api: URL, location: URL) -> bool:
    """Tell whether the keys may be shown to where Sumo says that the account has moved."""
    if is_loopback(api):
        return location.scheme == api.scheme and location.host == api.host
    host = location.host or ""
    return location.scheme == "https" and host.endswith(".sumologic.com") and not location.user


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := environ.get(name, "").strip())), "")


def _read_address(text: str, *, said_by: str) -> URL:
    """Read an API's address, with or without the `/api/v1` that Sumo's own documents write."""
    remedy = "write it like https://api.us2.sumologic.com/api/"
    try:
        address = URL(text)
        _ = address.port  # read late, and refused late
    except ValueError as error:
        raise ConfigError(f"{said_by} is no address; {remedy}") from error
    if not address.host or address.scheme not in {"http", "https"}:
        raise ConfigError(f"{said_by} is no address; {remedy}")
    if address.user or address.password or address.query_string:
        raise ConfigError(f"{said_by} has more than an address in it; {remedy}")
    if address.scheme == "http" and not is_loopback(address):
        raise ConfigError(f"{said_by} would send the access key unencrypted; {remedy}")
    return address.with_path(re.sub(r"(/api)?(/v[0-9]+)?/?$", "", address.path))
