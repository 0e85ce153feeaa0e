"""Google Cloud Storage: who we are to it, by google-auth, and a session that gives bytes as stored.

Everything that can be wrong with credentials is said here, before or between the calls.
"""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from yarl import URL

from receiver.errors import Reason, StoreDenied, StoreError, StoreUnavailable
from receiver.limits import READ_CHUNK_BYTES
from receiver.store.gcs_errors import Caller
from receiver.store.web import proxy_for, read_address, refused_by_proxy, words_of

LOOKED_FOR: Final = (
    "GOOGLE_APPLICATION_CREDENTIALS, gcloud's own (`gcloud auth application-default login`), "
    "the metadata server"
)

METADATA_ATTEMPTS: Final = "2"
"""Outside of Google's cloud nobody answers for the metadata server: 3 s each, and 3 by default."""

ADDRESS_FROM: Final = "--endpoint-url or STORAGE_EMULATOR_HOST"

TOKEN_SECONDS: Final = 10.0
"""A token comes in one. Google's 120 s would keep a program waiting that was told to end."""

SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_write"

_TUNNEL: Final = re.compile(r"Tunnel connection failed: ([0-9]{3})")

TOKEN_SERVER: Final = URL("https://oauth2.googleapis.com")


class GCSAccess:
    """Credentials and session for one bucket; `name` is how an error names the bucket.

    `proxy` is the one by which calls go, None where they go straight.
    """

    def __init__(
        self, *, name: str, base_url: str, caller: Caller, credentials: Any, session: Any
    ) -> None:
        self.name = name
        self.base_url = base_url
        self.caller = caller
        self.session: aiohttp.ClientSession = session
        self.proxy = proxy_for(read_address(base_url, said_by=ADDRESS_FROM))
        self._credentials = credentials
        self._renewing = asyncio.Lock()

    async def headers(self) -> dict[str, str]:
        """Return the headers that say who we are; renew the token where it ends soon.

        Raises:
            StoreDenied: the credentials are refused where tokens are given out.
            StoreUnavailable: nobody answered there.
        """
        headers: dict[str, str] = {}
        if self._credentials is None:
            return headers
        from google.auth.exceptions import GoogleAuthError

        try:
            async with self._renewing:
                if not self._credentials.valid:  # it is not, from some minutes before its end
                    # A thread: renewing is a blocking call, and our loop has other bodies to read.
                    await asyncio.to_thread(self._credentials.refresh, _brief_request())
            self._credentials.apply(headers)
        except GoogleAuthError as error:
            raise _translate(self.name, error) from error
        except (OSError, ValueError) as error:  # certificates or a program that are not there
            raise StoreDenied(
                f"{self.name}: the credentials cannot be used: {words_of(error)}",
                reason=Reason.KEYS_MISSING,
            ) from None  # it may quote a proxy
        return headers


@asynccontextmanager
async def open_access(
    name: str, *, endpoint_url: str | None, anonymous: bool = False
) -> AsyncIterator[GCSAccess]:
    """Find credentials and open a session; `endpoint_url` takes the place of Google's address.

    STORAGE_EMULATOR_HOST is asked without credentials, as Google's own libraries do. So is an
    `endpoint_url` of plain http, unless GOOGLE_APPLICATION_CREDENTIALS is set. `anonymous` asks
    every server so.

    Raises:
        ConfigError: the environment names a proxy or an emulator that is none.
        StoreDenied: there are no credentials, or they cannot be used.
    """
    session_options = {
        "auto_decompress": False,
        "read_bufsize": READ_CHUNK_BYTES,
    }
    # A thread: looking for credentials may ask the metadata server, and blocks.
    caller = Caller.ANONYMOUS if anonymous else _caller(endpoint_url)
    filesystem = await asyncio.to_thread(
        _build_filesystem, name, endpoint_url, caller, session_options
    )
    session = await filesystem._set_session()  # noqa: SLF001 (gcsfs's asynchronous calls all are)
    async with session:
        yield GCSAccess(
            name=name,
            base_url=filesystem.base.removesuffix("/storage/v1/").rstrip("/"),
            caller=caller,
            credentials=filesystem.credentials.credentials,
            session=session,
        )


def _build_filesystem(
    name: str, endpoint_url: str | None, caller: Caller, session_options: object
) -> Any:
    """Build gcsfs's file system, which holds the credentials; blocks while it looks for them."""
    # Read at import: with it, every call first asks a gRPC service that an emulator has not.
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", METADATA_ATTEMPTS)
    import google.auth
    from gcsfs.core import GCSFileSystem
    from google.auth.exceptions import GoogleAuthError

    # It warns of every place without credentials; what was looked for is in our error.
    logging.getLogger("google.auth").setLevel(logging.ERROR)
    token: Any = "anon"  # noqa: S105 (gcsfs's word for nobody)
    try:
        if caller is Caller.ACCOUNT:
            proxy_for(TOKEN_SERVER)
            token, _ = google.auth.default(scopes=[SCOPE], request=_brief_request())
        return GCSFileSystem(
            token=token,
            access="read_write",
            project="",
            endpoint_url=endpoint_url,
            asynchronous=True,
            skip_instance_cache=True,
            use_listings_cache=False,
            session_kwargs=session_options,
        )
    except GoogleAuthError as error:
        raise _translate(name, error) from error
    except (OSError, ValueError) as error:  # a key file that is no file, or no key
        raise StoreDenied(
            f"{name}: the credentials cannot be read: {error}", reason=Reason.KEYS_MISSING
        ) from error


def _brief_request() -> Any:
    """Return google-auth's way to ask a server, with a bound on its waits."""
    from google.auth.transport.requests import Request

    request = Request()

    def ask(
        url: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        timeout: float | None = None,
        **options: Any,
    ) -> Any:
        seconds = min(timeout or TOKEN_SECONDS, TOKEN_SECONDS)
        return request(url, method, body, headers, seconds, **options)

    return ask


def _caller(endpoint_url: str | None) -> Caller:
    """Say whether the server that will be asked is one to which credentials are not shown."""
    if endpoint_url is None:
        return Caller.NOBODY if os.environ.get("STORAGE_EMULATOR_HOST") else Caller.ACCOUNT
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    return Caller.NOBODY if endpoint_url.startswith("http://") and not named else Caller.ACCOUNT


def _translate(name: str, error: BaseException) -> StoreError:
    """Say what is wrong with the credentials. Google's first words hold no secret; the rest may."""
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError

    said = str(error.args[0] if error.args else error)[:200]
    if isinstance(error, TransportError):
        return _unreached(name, error)
    if isinstance(error, GoogleAuthError) and error.retryable:
        return StoreUnavailable(f"{name}: the server that gives out tokens did not answer: {said}")
    if isinstance(error, DefaultCredentialsError):
        return StoreDenied(
            f"{name}: no usable Google credentials; looked for {LOOKED_FOR}. Google says: {said}",
            reason=Reason.KEYS_MISSING,
        )
    reason, remedy = _token_refused(said)
    return StoreDenied(
        f"{name}: Google gives no token for the credentials found: {said}; {remedy}", reason=reason
    )


def _unreached(name: str, error: Exception) -> StoreError:
    """Say why no server was reached that gives out tokens."""
    from requests.exceptions import ProxyError, Timeout

    if answered := _TUNNEL.search(str(error)):
        return refused_by_proxy(name, int(answered[1]))
    said = str(error)[:200]
    match error.args:
        case (Timeout(), *_):
            said = f"nothing came in {TOKEN_SECONDS:g} s"
        case (ProxyError(), *_):
            said = "the proxy that https_proxy or http_proxy names cannot be reached"
    return StoreUnavailable(f"{name}: the server that gives out tokens did not answer: {said}")


def _token_refused(said: str) -> tuple[Reason, str]:
    """Read in Google's words why no token is given; its code is invalid_grant for nearly all."""
    if re.search(r"short-lived|reasonable timeframe|\biat\b|used too early|clock", said):
        return Reason.CLOCK_SKEW, "set this machine's clock right"
    if re.search(r"expired|[Rr]eauthenticat|invalid_rapt", said):
        return (
            Reason.KEYS_EXPIRED,
            "log in again (`gcloud auth application-default login`), or name a new key file",
        )
    return Reason.KEYS_WRONG, "is the key still valid, and the clock right?"
