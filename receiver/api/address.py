"""Where the API answers: at Cloudflare, or at an emulator on this machine."""

from collections.abc import Mapping
from typing import Final

from yarl import URL

from receiver.errors import ConfigError
from receiver.store.web import is_loopback

BASE_URL: Final = "https://api.cloudflare.com/client/v4"
BASE_URL_NAME: Final = "CLOUDFLARE_BASE_URL"  # as Cloudflare's own SDKs have it
_PATH: Final = "/client/v4"


def find_base_url(given: str | None, environ: Mapping[str, str]) -> URL:
    """Return the API's address: as given, else as the environment has it, else Cloudflare's.

    Raises:
        ConfigError: it is none, or would send the credentials unencrypted over a network.
    """
    if given:
        return _read(given, said_by="--api-url")
    named = environ.get(BASE_URL_NAME, "").strip()
    return _read(named, said_by=BASE_URL_NAME) if named else URL(BASE_URL)


def _read(text: str, *, said_by: str) -> URL:
    """Read an address, with or without its path; it is not quoted, for it may hold a key."""
    remedy = f"write it like {BASE_URL}"
    try:
        address = URL(text)
        _ = address.port  # read late, and refused late
    except ValueError:
        raise ConfigError(f"{said_by} is no address; {remedy}") from None
    if not address.host or address.scheme not in {"http", "https"}:
        raise ConfigError(f"{said_by} is no address; {remedy}")
    if address.user or address.password or address.query_string or address.fragment:
        raise ConfigError(f"{said_by} has more than an address in it; {remedy}")
    if address.scheme == "http" and not is_loopback(address):
        raise ConfigError(
            f"{said_by} would send the credentials unencrypted: write https://;"
            " http:// is for this machine (127.0.0.1, localhost) only"
        )
    path = address.path.rstrip("/")
    return address.with_path(path or _PATH)
