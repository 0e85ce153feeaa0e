"""Terraform's `external` data source: a flat JSON object in, a flat JSON object of strings out.

The same question has the same answer while its token is valid, so that plans do not drift: it is
kept in a cache. Source: Terraform, provider hashicorp/external, "External Program Protocol".
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec

from receiver.cli.arguments import STDIN, parse_seconds, read_argument, text_of
from receiver.cli.output import echo
from receiver.cli.streams import complain, tell
from receiver.cli.token_answer import told, write_moment
from receiver.cli.token_inquiry import Inquiry, inquire
from receiver.clock import Clock
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError
from receiver.ownership.cache import Kept, TokenCache, cache_key, default_folder
from receiver.ownership.challenge import Challenge, NoChallenge
from receiver.report.sweep_report import Exit

TOKEN_LIFE: Final = timedelta(days=7)
"""Logpush's documents give a token so long; it counts where a token does not say."""

KEPT_AFTER: Final = timedelta(days=400)
"""So long an answer is kept past its token's end, for when the challenge's file has been deleted,
which the documents allow once the job exists: a plan that changes nothing shall not fail then."""


class _Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Terraform asks. It knows strings only."""

    destination_conf: str
    filename: str = ""
    wait: str = ""


def answer_terraform(*, clock: Clock, endpoint_url: str | None, sumo_scope: str) -> int:
    """Answer the question on standard input; where there is no answer, standard error says why.

    Raises:
        ConfigError: the question is none.
        StoreError: it could not be looked.
    """
    query = _read_query()
    conf = text_of(query.destination_conf, option="destination_conf ")
    inquiry = Inquiry(
        destination=parse_destination(conf),
        filename=query.filename or None,
        wait_seconds=parse_seconds(query.wait, option="wait") if query.wait else 0.0,
        past_expired=False,  # a week after the job was made it is the rule, and no plan shall wait
        endpoint_url=endpoint_url,
        sumo_scope=sumo_scope,
    )
    key = cache_key(conf, query.filename, endpoint_url or "", sumo_scope)
    cache = TokenCache(default_folder(), clock=clock)
    kept = cache.get(key)
    if kept is None or kept.kept_until - KEPT_AFTER <= clock.now():
        if kept:
            inquiry = msgspec.structs.replace(inquiry, wait_seconds=0.0)  # there is an answer
        answer = asyncio.run(inquire(inquiry, clock=clock))
        tell(told(answer))
        if isinstance(answer.result, NoChallenge):
            complain(answer.result.message)
        if answer.challenge:
            kept = _kept(answer.challenge)
            cache.put(key, kept)
        elif kept is None:
            if answer.exit_code is Exit.PASS:
                echo(_written("", "", None, required="false"))
            return answer.exit_code
    echo(_written(kept.token.reveal(), kept.filename, kept.expires_at, required="true"))
    return Exit.PASS


def _read_query() -> _Query:
    plain = read_argument(STDIN, option="--terraform ", remedy="Terraform pipes a JSON object in")
    try:
        return msgspec.json.decode(plain, type=_Query)
    except ValueError as error:  # it names the key and quotes no value
        raise ConfigError(
            f"--terraform: standard input is no question: {error}; the query has"
            " destination_conf and, if you like, filename and wait, all of them strings"
        ) from None


def _kept(challenge: Challenge) -> Kept:
    written, token = challenge.written, challenge.token
    return Kept(
        token=token.text,
        filename=written.key,
        required=True,
        expires_at=token.expires_at,
        kept_until=(token.expires_at or written.written_at + TOKEN_LIFE) + KEPT_AFTER,
    )


def _written(token: str, filename: str, expires_at: datetime | None, *, required: str) -> str:
    said = {
        "token": token,
        "filename": filename,
        "required": required,
        "expires_at": write_moment(expires_at) or "",
    }
    return msgspec.json.encode(said).decode() + "\n"
