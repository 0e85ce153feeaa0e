"""Terraform's `external` data source: a flat JSON object in, a flat JSON object of strings out.

The same question has the same answer while its token is valid, so that plans do not drift: it is
kept in a cache. Source: Terraform, provider hashicorp/external, "External Program Protocol".
"""

import asyncio
import os
from datetime import datetime, timedelta
from typing import Final

import msgspec

from receiver.api.scope import Scope, read_scope
from receiver.cli.api_access import read_access
from receiver.cli.arguments import STDIN, parse_seconds, read_argument, text_of
from receiver.cli.output import echo
from receiver.cli.streams import complain, tell
from receiver.cli.token_answer import Answer, told, write_moment
from receiver.cli.token_inquiry import Inquiry, inquire
from receiver.cli.token_request import requested
from receiver.clock import Clock
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError, StoreError
from receiver.ownership.cache import Kept, TokenCache, cache_key, default_folder
from receiver.ownership.challenge import Challenge, NoChallenge
from receiver.ownership.fit import compare
from receiver.report.sweep_report import Exit

TOKEN_LIFE: Final = timedelta(days=7)
"""Logpush's documents give a token so long; it counts where a token does not say."""

KEPT_AFTER: Final = timedelta(days=400)
"""So long an answer is kept past its token's end, for when the challenge's file has been deleted,
which the documents allow once the job exists: a plan that changes nothing shall not fail then."""


ENDPOINTS: Final = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AZURE_STORAGE_CONNECTION_STRING",
    "STORAGE_EMULATOR_HOST",
    "SUMOLOGIC_BASE_URL",
    "CLOUDFLARE_BASE_URL",
)
"""What leads elsewhere: a test server's answer is none of the cloud's."""


class _Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Terraform asks. It knows strings only."""

    destination_conf: str
    filename: str = ""
    wait: str = ""
    zone_id: str = ""
    account_id: str = ""


def answer_terraform(
    *, clock: Clock, endpoint_url: str | None, sumo_scope: str, api_url: str | None
) -> int:
    """Answer the question on standard input; where there is no answer, standard error says why.

    Where it names a zone or an account and no file, the API is asked for a challenge, unless an
    answer is kept whose token is still valid.

    Raises:
        ConfigError: the question is none.
        ApiError, StoreError: it could not be asked or looked.
    """
    query = _read_query()
    scope = _scope(query)
    conf = text_of(query.destination_conf, option="destination_conf ")
    inquiry = Inquiry(
        destination=parse_destination(conf),
        filename=query.filename or None,
        wait_seconds=parse_seconds(query.wait, option="wait") if query.wait else 0.0,
        past_expired=False,  # a week after the job was made it is the rule, and no plan shall wait
        endpoint_url=endpoint_url,
        sumo_scope=sumo_scope,
    )
    asked = (conf, query.filename, str(scope or ""), endpoint_url or "", sumo_scope, api_url or "")
    key = cache_key(*asked, *(os.environ.get(name, "") for name in ENDPOINTS))
    cache = TokenCache(default_folder(), clock=clock)
    kept = cache.get(key)
    if kept is None or kept.kept_until - KEPT_AFTER <= clock.now():
        if scope and not query.filename:
            inquiry = requested(inquiry, read_access(scope, api_url))
        elif kept:
            inquiry = msgspec.structs.replace(inquiry, wait_seconds=0.0)  # there is an answer
        answer = _answer(inquiry, clock, instead=kept)
        if answer and answer.challenge:
            unlike = _unlike(answer.challenge, inquiry, scope, clock)
            if unlike:
                complain(unlike)
                return Exit.FAIL
            kept = _kept(answer.challenge, clock)
            cache.put(key, kept)
        elif answer and not kept:
            if answer.exit_code is Exit.PASS:
                echo([_written("", "", None, required="false")])
            return answer.exit_code
    assert kept
    echo([_written(kept.token.reveal(), kept.filename, kept.expires_at, required="true")])
    return Exit.PASS


def _answer(inquiry: Inquiry, clock: Clock, *, instead: Kept | None) -> Answer | None:
    """Ask, and tell of it; None where it could not be looked and another answer is kept."""
    try:
        answer = asyncio.run(inquire(inquiry, clock=clock))
    except StoreError as error:
        if instead is None:
            raise
        complain(f"{error}; the answer of before stands")
        return None
    tell(told(answer))
    if isinstance(answer.result, NoChallenge):
        complain(answer.result.message)
    return answer


def _unlike(challenge: Challenge, inquiry: Inquiry, scope: Scope | None, clock: Clock) -> str:
    """Say in what the token is for something else; when it ends is told in the answer."""
    place = inquiry.destination
    fit = compare(challenge.token, conf=place.conf, destination=place, scope=scope, now=clock.now())
    return "; ".join(
        f"the token's {each.what} is another: {each.said}, not {each.wanted}. {each.remedy}"
        for each in fit.differences
        if each.what != "expiry"
    )


def _read_query() -> _Query:
    plain = read_argument(STDIN, option="--terraform ", remedy="Terraform pipes a JSON object in")
    try:
        return msgspec.json.decode(plain, type=_Query)
    except ValueError as error:  # it names the key and quotes no value
        raise ConfigError(
            f"--terraform: standard input is no question: {error}; the query has"
            " destination_conf and, if you like, filename, wait, and zone_id or account_id, all of"
            " them strings"
        ) from None


def _scope(query: _Query) -> Scope | None:
    """Return what the token is for, if the question says so."""
    if not query.zone_id and not query.account_id:
        return None
    return read_scope(
        query.zone_id or None, query.account_id or None, names=("zone_id", "account_id")
    )


def _kept(challenge: Challenge, clock: Clock) -> Kept:
    token, now = challenge.token, clock.now()
    return Kept(
        token=token.text,
        filename=challenge.written.key,
        expires_at=token.expires_at,
        kept_until=(token.expires_at or min(challenge.written.written_at, now) + TOKEN_LIFE)
        + KEPT_AFTER,
    )


def _written(token: str, filename: str, expires_at: datetime | None, *, required: str) -> str:
    said = {
        "token": token,
        "filename": filename,
        "required": required,
        "expires_at": write_moment(expires_at) or "",
    }
    return msgspec.json.encode(said).decode() + "\n"
