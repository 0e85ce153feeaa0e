"""How commands ask the Logpush API: for which zone or account, where, and as whom."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import wraps
from random import Random
from typing import TYPE_CHECKING, TypeVar

import click
import msgspec

from receiver.api.credentials import Credentials, find_credentials
from receiver.api.scope import Scope, read_scope
from receiver.cli.output import echo, format_option
from receiver.clock import SystemClock
from receiver.errors import ApiError, StoreError

if TYPE_CHECKING:
    from yarl import URL

    from receiver.api.client import LogpushApi

T = TypeVar("T")

zone_option = click.option("--zone", metavar="ID", help="The zone that it is about.")
account_option = click.option("--account", metavar="ID", help="The account that it is about.")
api_url_option = click.option(
    "--api-url",
    metavar="URL",
    help="Ask this API instead of Cloudflare's (CLOUDFLARE_BASE_URL).",
)


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask about what; printing it shows no secret."""

    scope: Scope
    base_url: "URL"
    credentials: Credentials


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of every command of the API say."""

    zone: str | None
    account: str | None
    api_url: str | None
    text_format: str

    @property
    def is_json(self) -> bool:
        """Whether a script reads."""
        return self.text_format == "json"

    @property
    def scope(self) -> Scope:
        """The zone or account; ConfigError where none is named."""
        return read_scope(self.zone, self.account)

    def ask(self, work: "Callable[[LogpushApi, Scope], Awaitable[T]]") -> T:
        """Do a command's work; a script is told too why there is no answer.

        Raises:
            ConfigError: the options or the environment.
            ApiError, StoreError: there is no answer.
        """
        scope = self.scope
        access = read_access(scope, self.api_url)
        try:
            return ask(access, lambda api: work(api, scope))
        except (ApiError, StoreError) as error:
            if self.is_json:
                echo_json({"error": _told(error)})
            raise


def api_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that every command of the API has; the command gets them as `where`."""

    @wraps(command)
    def asking(
        *,
        zone: str | None,
        account: str | None,
        api_url: str | None,
        text_format: str,
        **others: object,
    ) -> int:
        where = Where(zone=zone, account=account, api_url=api_url, text_format=text_format)
        return command(where=where, **others)

    told: Callable[..., int] = asking
    for option in (format_option, api_url_option, account_option, zone_option):
        told = option(told)
    return told


def read_access(scope: Scope, api_url: str | None) -> Access:
    """Find the API's address and our credentials.

    Raises:
        ConfigError: one of them is missing or cannot be used.
    """
    from receiver.api.address import find_base_url  # with it comes the driver: only when needed

    return Access(
        scope=scope,
        base_url=find_base_url(api_url, os.environ),
        credentials=find_credentials(os.environ),
    )


def ask(access: Access, work: Callable[["LogpushApi"], Awaitable[T]]) -> T:
    """Do the work with the API open.

    Raises:
        ApiError: the API refuses, or does not answer.
    """
    return asyncio.run(_opened(access, work))


def echo_json(said: object) -> None:
    """Print a value as JSON."""
    echo([msgspec.json.format(msgspec.json.encode(said)).decode() + "\n"])


async def _opened(access: Access, work: Callable[["LogpushApi"], Awaitable[T]]) -> T:
    from receiver.api.client import open_api

    async with open_api(
        access.credentials,
        base_url=access.base_url,
        clock=SystemClock(),
        random=Random(),  # noqa: S311 (spreads waits, guards nothing)
    ) as api:
        return await work(api)


def _told(error: ApiError | StoreError) -> dict[str, object]:
    numbers = {"status": error.status, "code": error.code} if isinstance(error, ApiError) else {}
    return {"reason": error.reason, "message": str(error), "right": error.right, **numbers}
