"""The daemon's answer to `status`: its status page's JSON, read as the views it was made of."""

from contextlib import suppress
from typing import Any, Final, TypeVar

import aiohttp
import msgspec

from receiver.daemon.settings import StatusSettings
from receiver.daemon.settings_values import Listen
from receiver.daemon.status.views import Findings, FindingView, JobView, Overview
from receiver.errors import ConfigError
from receiver.limits import MIB
from receiver.store.web import read_address

T = TypeVar("T")

ANSWER_SECONDS: Final = 20.0
"""The daemon itself gives its ledger 10 s."""

ANSWER_BYTES_MAX: Final = 64 * MIB
"""A page of a hundred jobs has about 1 MB."""

FAILING_MAX: Final = 5
"""Of so many failing jobs the findings are asked for: each is a look into the ledger."""

_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (asked, not listened at)


class Unanswered(Exception):
    """No answer of a daemon; says why, and what to do."""


class _JobFindings(msgspec.Struct, frozen=True, kw_only=True):
    findings: Findings


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon says, or the ledger in its place."""

    url: str
    answered: bool
    error: str = ""  # why it did not answer
    overview: Overview | None = None
    findings: dict[str, tuple[FindingView, ...]] = {}  # by the path of a failing job's page

    def with_ledger(self, overview: Overview) -> "Answer":
        """Return it with what the ledger knows."""
        return msgspec.structs.replace(self, overview=overview)

    def without_ledger(self, error: str) -> "Answer":
        """Return it, the ledger being out of reach too."""
        return msgspec.structs.replace(self, error=f"{self.error}; and {error}")

    def as_json(self) -> dict[str, Any]:
        """Return the status page's own JSON, with who said it."""
        daemon = {"url": self.url, "answered": self.answered, "error": self.error}
        whole: dict[str, Any] = {"daemon": daemon}
        if self.overview is not None:
            whole |= msgspec.to_builtins(self.overview)
        return whole | {"findings": msgspec.to_builtins(self.findings)}


class Asking:
    """Asks one daemon."""

    def __init__(self, settings: StatusSettings, url: str | None) -> None:
        if url is None:
            host = settings.listen.host
            listen = Listen(host=_ANYWHERE.get(host, host), port=settings.listen.port)
            url = f"http://{listen}"
        address = read_address(url, said_by="--url")
        if address.user or address.password or address.query_string or address.fragment:
            raise ConfigError(
                "--url: it has more than an address in it; user, password and token are those of"
                " [status]"
            )
        self.url = str(address).rstrip("/")
        self._headers = {}
        if settings.token is not None:
            self._headers["Authorization"] = f"Bearer {settings.token.reveal()}"
        elif settings.password is not None and settings.user is not None:
            basic = aiohttp.BasicAuth(settings.user, settings.password.reveal(), encoding="utf-8")
            self._headers["Authorization"] = basic.encode()

    async def ask(self) -> Answer:
        """Return what the daemon says of itself, and of what fails.

        Raises:
            Unanswered: it does not, or what answers is no daemon.
        """
        async with aiohttp.ClientSession(
            headers=self._headers, timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        ) as session:
            overview = await self._get(session, "/status.json", Overview)
            failing = [each for each in overview.jobs if each.totals.failed][:FAILING_MAX]
            findings = {each.path: await self._findings(session, each) for each in failing}
        return Answer(url=self.url, answered=True, overview=overview, findings=findings)

    async def _findings(
        self, session: aiohttp.ClientSession, job: JobView
    ) -> tuple[FindingView, ...]:
        with suppress(Unanswered):  # the verdict stands without them
            page = await self._get(session, f"{job.path}.json", _JobFindings)
            return page.findings.findings
        return ()

    async def _get(self, session: aiohttp.ClientSession, path: str, kind: type[T]) -> T:
        try:
            async with session.get(self.url + path, allow_redirects=False) as response:
                if response.status == 401:
                    raise Unanswered(
                        f"{self.url}: it does not take user and password, or token, of [status]"
                    )
                body = await response.content.read(ANSWER_BYTES_MAX)
                while not response.content.at_eof() and len(body) < ANSWER_BYTES_MAX:
                    body += await response.content.read(ANSWER_BYTES_MAX)
                is_json = response.content_type == "application/json"
                if response.status not in {200, 503} or not is_json:
                    said = f"{response.status} {response.reason or ''}".strip()
                    raise Unanswered(f"{self.url}: it answers {said}; is it the daemon's address?")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            why = "no answer in time" if isinstance(error, TimeoutError) else "no connection"
            raise Unanswered(f"{self.url}: {why}; is the daemon running?") from error
        try:
            return msgspec.json.decode(body, type=kind)
        except ValueError as error:
            raise Unanswered(f"{self.url}: its answer is none of this version's daemon") from error
