"""Ownership on the way to a job: its challenge asked for, and its token brought back."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from receiver.api.scope import Scope
from receiver.cli.api_access import Where, echo_json
from receiver.cli.arguments import endpoint_option, wait_option
from receiver.cli.streams import complain
from receiver.cli.token_inquiry import Inquiry
from receiver.cli.token_request import prove
from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.ownership.challenge import NoChallenge
from receiver.report.sweep_report import Exit

if TYPE_CHECKING:
    from receiver.api.client import LogpushApi

WAIT_SECONDS: Final = 120.0
"""So long a challenge is waited for: Logpush writes within seconds, and a right takes a minute."""

TOKEN: Final = "ownership_challenge"  # noqa: S105 (a key's name)
CONF: Final = "destination_conf"

_sumo_option = click.option("--sumo-scope", default="", metavar="TEXT", help="As of `token`.")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a challenge is read back."""

    wait_seconds: float
    endpoint_url: str | None
    sumo_scope: str


def reading_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of how a challenge is read back; the command gets them as `reading`."""

    @wraps(command)
    def reading_back(
        *,
        wait_seconds: float | None,
        endpoint_url: str | None,
        sumo_scope: str,
        **others: object,
    ) -> int:
        reading = Reading(
            wait_seconds=WAIT_SECONDS if wait_seconds is None else wait_seconds,
            endpoint_url=endpoint_url,
            sumo_scope=sumo_scope,
        )
        return command(reading=reading, **others)

    told: Callable[..., int] = reading_back
    for option in (_sumo_option, endpoint_option, wait_option):
        told = option(told)
    return told


async def proof_of(
    fields: Mapping[str, Any], *, api: "LogpushApi", scope: Scope, reading: Reading
) -> dict[str, str] | NoChallenge:
    """Return what proves the ownership, as a request has it: nothing where none is asked for.

    Raises:
        ApiError: the API refuses, or does not answer.
        ConfigError, StoreError: the challenge cannot be read back.
    """
    if fields.get(TOKEN):
        return {}
    inquiry = Inquiry(
        destination=parse_destination(fields[CONF]),
        wait_seconds=reading.wait_seconds,
        endpoint_url=reading.endpoint_url,
        sumo_scope=reading.sumo_scope,
    )
    answer = await prove(inquiry, api=api, scope=scope, clock=SystemClock())
    if answer.refusal:
        return NoChallenge(message=answer.refusal)
    return {TOKEN: answer.token} if answer.challenge else {}


def no_challenge(result: NoChallenge, where: Where) -> int:
    """Say that no token was found; return the exit code."""
    complain(result.message)
    if where.is_json:
        echo_json({"error": {"reason": "no-challenge", "message": result.message, "right": ""}})
    return Exit.INCONCLUSIVE
