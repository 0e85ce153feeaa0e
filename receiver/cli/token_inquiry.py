"""One inquiry after a token: what is asked, and its Answer; for people and for Terraform alike."""

from random import Random

import msgspec

from receiver.api.scope import Scope
from receiver.cli.arguments import conf_of
from receiver.cli.token_answer import Answer
from receiver.cli.waiting import Spinner
from receiver.clock import Clock
from receiver.destination.challenge import requirement
from receiver.destination.destination import Destination, Scheme
from receiver.destination.parse import parse_destination
from receiver.job.job import Job, label
from receiver.ownership.challenge import Challenge, NoChallenge, Search
from receiver.ownership.fit import Difference, Fit, compare
from receiver.ownership.open import open_search
from receiver.ownership.token import Token
from receiver.ownership.waiting import look_until
from receiver.secret import Secret


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, read and found sound."""

    destination: Destination
    filename: str | None = None
    wait_seconds: float = 0.0
    past_expired: bool = True  # waiting for a newer challenge where one has expired
    job: Job | None = None  # the one that the token is for
    scope: Scope | None = None
    endpoint_url: str | None = None
    sumo_scope: str = ""


async def inquire(inquiry: Inquiry, *, clock: Clock) -> Answer:
    """Look for the token; where none is needed, and no file is named, nothing is asked.

    Raises:
        ConfigError: nothing can be read back from there.
        StoreError: it could not be looked.
    """
    needed = requirement(inquiry.destination)
    answer = Answer(destination=inquiry.destination, requirement=needed)
    readable = inquiry.destination.stored or inquiry.destination.scheme is Scheme.SUMO
    if not needed.required and (inquiry.filename is None or not readable):
        return answer
    async with open_search(
        inquiry.destination,
        clock=clock,
        filename=inquiry.filename,
        endpoint_url=inquiry.endpoint_url,
        sumo_scope=inquiry.sumo_scope,
    ) as search:
        result = await _look(inquiry, search, clock)
    if isinstance(result, NoChallenge):
        return msgspec.structs.replace(answer, result=result)
    expired = result.token.expired(clock.now())
    answer = msgspec.structs.replace(answer, result=result, expired=expired)
    if inquiry.job is None:
        return answer
    fit = _held_against(result.token, inquiry.job, inquiry.scope, clock)
    return msgspec.structs.replace(answer, fit=fit, job=label(inquiry.job))


async def _look(inquiry: Inquiry, search: Search, clock: Clock) -> Challenge | NoChallenge:
    if not inquiry.wait_seconds:
        return await search.look()
    with Spinner(clock) as spinner:
        return await look_until(
            search,
            place=str(inquiry.destination),
            deadline_seconds=inquiry.wait_seconds,
            clock=clock,
            random=Random(),  # noqa: S311 (spreads waits, guards nothing)
            on_wait=spinner.wait,
            past_expired=inquiry.past_expired and inquiry.filename is None,
        )


def _held_against(token: Token, job: Job, scope: Scope | None, clock: Clock) -> Fit:
    """Compare a token with the job, and with the one that a request for a job already holds."""
    conf = Secret(conf_of(job))
    destination = parse_destination(conf.reveal())
    fit = compare(token, conf=conf, destination=destination, scope=scope, now=clock.now())
    if not job.ownership_challenge or job.ownership_challenge == token.text:
        return fit
    other = Difference(
        what="ownership_challenge",
        said="the one found",
        wanted="another one",
        remedy="Put the token that was found into the request.",
    )
    return msgspec.structs.replace(fit, differences=(*fit.differences, other))
