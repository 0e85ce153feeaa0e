"""What every caller of a cloud's HTTP API needs: the proxy, the loopback, Retry-After, and words.

A proxy's address holds its password, and a driver's error quotes the address: none is passed on.
"""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from receiver.errors import ConfigError, StoreDenied, StoreError, StoreUnavailable

PROXY_REFUSES: Final = 407

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class ProxyRefused(StoreDenied):
    """The proxy does not let us through, whatever the store would say."""


def is_loopback(address: URL) -> bool:
    """Whether what is sent there stays on this machine."""
    return address.host in _LOOPBACK


def read_address(text: str, *, said_by: str) -> URL:
    """Read the address of a server; `said_by` is where it was given, all places that it may be.

    Raises:
        ConfigError: it is none; it is not quoted.
    """
    try:
        address = URL(text)
        _ = address.port  # read late, and refused late
    except ValueError:
        address = URL()
    if not address.host or address.scheme not in {"http", "https"}:
        raise ConfigError(f"{said_by}: no address; write http://HOST or https://HOST, maybe :PORT")
    return address


def proxy_for(address: URL) -> str | None:
    """Return the proxy that the environment names for an address, as every driver finds it.

    aiohttp would find it too, and with it a `.netrc`, whose password it does not take beside ours.

    Raises:
        ConfigError: it is one that cannot be used; its value is not told.
    """
    named = getproxies().get(address.scheme)
    host = address.host or ""
    if not named or proxy_bypass(host) or proxy_bypass(f"{host}:{address.port}"):
        return None
    proxy = named if "://" in named else f"http://{named}"
    if not _is_proxy(proxy):
        raise ConfigError(
            f"{address.scheme}_proxy: the proxy has to be an http:// address, such as "
            "http://user:password@proxy.example.com:3128, with %40 for an @ in the password"
        )
    return proxy


def _is_proxy(text: str) -> bool:
    """Tell whether it is an address and nothing behind it.

    A password that is not escaped is cut at its `/`, `?` or `#`, and would pass for a port.
    """
    try:
        proxy = read_address(text, said_by="the proxy")
    except ConfigError:
        return False
    return proxy.path in {"", "/"} and not re.search("[?#]", text)


def lost(name: str, error: BaseException) -> StoreError:
    """Return our error for a connection that failed; `name` is what was asked for.

    Raise it `from None` or return it: the driver's error may quote the proxy with its password.
    """
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return refused_by_proxy(name, error.status)
    return StoreUnavailable(f"{name}: no answer: {words_of(error)}")


def refused_by_proxy(name: str, status: int) -> StoreError:
    """Return our error for an answer that is the proxy's own."""
    if status == PROXY_REFUSES:
        return ProxyRefused(
            f"{name}: the proxy answered 407: it does not take the user and password of "
            "https_proxy or http_proxy, or wants some"
        )
    return StoreUnavailable(f"{name}: the proxy answered {status}")


def words_of(error: BaseException) -> str:
    """Say what broke, in words that cannot hold a password: the system's, or a class's name."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"cannot connect to {error.host}:{error.port}: {error.certificate_error}"
        case aiohttp.ClientConnectorError():
            system = error.os_error.strerror or str(error.os_error)
            return f"cannot connect to {error.host}:{error.port}: {system}"
        case TimeoutError():
            return "nothing came in time"
        case aiohttp.ClientPayloadError():
            return "the body broke off"
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection"
        case OSError() if error.strerror:
            return error.strerror
    return type(error).__name__


def seconds_asked(retry_after: str, now: datetime) -> float:
    """Return how long Retry-After asks to wait, by seconds or a date (RFC 9110 10.2.3); else 0."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, or without a zone, or past all years
        return 0.0
