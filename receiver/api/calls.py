"""One call to the API: signed in, asked again where that is safe and may help, in our errors."""

import asyncio
import logging
from collections.abc import Mapping
from random import Random
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from receiver.api.credentials import Credentials
from receiver.api.envelope import Envelope, read_envelope, refusal
from receiver.api.hiding import Hiding
from receiver.clock import Clock
from receiver.errors import ApiError, ApiUnavailable
from receiver.limits import MIB
from receiver.store.web import is_loopback, proxy_for, seconds_asked

ATTEMPTS_MAX: Final = 4
"""The API is asked so often, about 4 seconds in all where it does not ask for more."""

RETRY_SECONDS: Final = 0.5
"""The first wait before asking again; it doubles, with jitter."""

RETRY_AFTER_SECONDS_MAX: Final = 60.0
"""A wait that the API asks for is kept up to this; whoever must wait longer is told so instead."""

CALL_SECONDS: Final = 120.0
"""One call ends by then: to make a job, Logpush first writes to the destination, and waits."""

ANSWER_BYTES_MAX: Final = 16 * MIB
"""A longer answer is given up: a job has 10 KiB, and a zone four of them."""

_NOT_HANDLED: Final = frozenset({429, 503})

_log = logging.getLogger(__name__)


class ApiCalls:
    """Calls below one base address."""

    def __init__(
        self,
        *,
        base_url: URL,
        credentials: Credentials,
        session: aiohttp.ClientSession,
        clock: Clock,
        random: Random,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._base_url = base_url
        self._credentials = credentials
        self._session = session
        self._clock = clock
        self._random = random
        self._call_seconds = call_seconds
        self._hide = Hiding(credentials.secrets())
        self._proxy = None if is_loopback(base_url) else proxy_for(base_url)

    @property
    def name(self) -> str:
        """The API's address, as errors name it."""
        return str(self._base_url.origin())

    def hide(self, text: str, body: Mapping[str, object] | None = None) -> str:
        """Return a text of the API's as it may be shown, after a call with this body."""
        return self._hide.joined(body)(text)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        repeatable: bool = True,
    ) -> Envelope:
        """Call, and where the API is busy or breaks off, wait and call again.

        A call that is not repeatable (it makes a job: asked twice, it would make two) is repeated
        only where it was surely not handled: no connection came about, or the answer is 429 or
        503. After anything else nobody knows.

        Raises:
            ApiError: it did not answer, or refused.
        """
        wait_seconds, attempts = RETRY_SECONDS, 0
        while True:
            attempts += 1
            answer, asked_seconds, handled = await self._attempt(method, path, body)
            if isinstance(answer, Envelope):
                return answer
            if method == "DELETE" and answer.status == 404 and attempts > 1:
                return Envelope()  # an attempt before this one was handled, and its answer lost
            if not isinstance(answer, ApiUnavailable) or attempts == ATTEMPTS_MAX:
                raise answer
            if handled and not repeatable:
                raise ApiUnavailable(
                    f"{answer}; whether it was done is not known: look before you ask again",
                    status=answer.status,
                    code=answer.code,
                )
            if asked_seconds > RETRY_AFTER_SECONDS_MAX:
                raise ApiUnavailable(
                    f"{answer}; it asks to wait {asked_seconds:.0f} s",
                    status=answer.status,
                    code=answer.code,
                )
            cut_seconds = max(wait_seconds * (0.5 + self._random.random() / 2), asked_seconds)
            _log.warning("%s; asking again in %.1f s", answer, cut_seconds)
            await self._clock.sleep(cut_seconds)
            wait_seconds *= 2

    async def _attempt(
        self, method: str, path: str, body: Mapping[str, object] | None
    ) -> tuple[Envelope | ApiError, float, bool]:
        """Call once: the answer, the seconds it asks to wait, and whether it may have been done."""
        try:
            async with asyncio.timeout(self._call_seconds):
                response, said = await self._send(method, path, body)
        except TimeoutError:
            return self._silent(f"no answer in {self._call_seconds:g} s"), 0.0, True
        except aiohttp.ClientConnectorError as error:
            return self._silent(f"no connection came about: {_reason(error)}"), 0.0, False
        except (aiohttp.ClientError, OSError) as error:
            return self._silent(f"the connection broke: {_reason(error)}"), 0.0, True
        hide = self._hide.joined(body)
        if response.status == 204:  # done, and nothing to say: no document has it, HTTP has
            return Envelope(), 0.0, True
        if 200 <= response.status < 300:
            return read_envelope(said, name=self.name, hide=hide), 0.0, True
        refused = refusal(response.status, said, name=self.name, hide=hide)
        asked = seconds_asked(response.headers.get("Retry-After", ""), self._clock.now())
        return refused, asked, response.status not in _NOT_HANDLED

    async def _send(
        self, method: str, path: str, body: Mapping[str, object] | None
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send, and read the whole answer."""
        headers = {"Accept": "application/json", **self._credentials.headers()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        async with self._session.request(
            method,
            URL(f"{self._base_url}{path}", encoded=True),
            data=None if body is None else msgspec.json.encode(body),
            headers=headers,
            proxy=self._proxy,
            middlewares=(_once,),
            allow_redirects=False,  # the credentials go nowhere by themselves
        ) as response:
            said = bytearray()
            async for chunk in response.content.iter_any():
                said += chunk
                if len(said) > ANSWER_BYTES_MAX:
                    raise ApiError(
                        f"{self.name}: an answer of more than {ANSWER_BYTES_MAX // MIB} MiB;"
                        " is this the API's address?"
                    )
            return response, bytes(said)

    def _silent(self, words: str) -> ApiUnavailable:
        return ApiUnavailable(f"{self.name}: {words}")


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send once: the driver sends by itself again after a break, and a deletion would be a 404."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Say why a connection failed: the system's words, for the driver's repeat the address."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server closed it"
    if type(error) is aiohttp.ClientConnectionError:  # our own, of `_once`
        return str(error)
    said = error.strerror if isinstance(error, OSError) else None
    return said or type(error).__name__
