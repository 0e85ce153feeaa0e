"""Looks for a challenge among Sumo Logic's log messages, where Logpush posts it.

What the message looks like beside its token is not published, nor whether it has a name; so only
a message that is a JWT as a whole counts, and of others the narrower scope that the operator gives.
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError, DestinationInvalid
from receiver.ownership.challenge import Challenge, NoChallenge, Written
from receiver.ownership.token import Token, read_token
from receiver.report.phrase import unbroken
from receiver.store.sumo import SumoSearchJobs
from receiver.store.sumo_wire import Found, Message

BACK: Final = timedelta(days=7)
"""A token is valid for so long: an older message holds none that the API would take."""

OVERLAP: Final = timedelta(minutes=15)
"""A later look goes so far behind the one before: Sumo may index a message late."""

_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC) + BACK
"""A clock that was never set may be long before: Sumo has no messages of then."""

PLAIN_CHARS_MIN: Final = 20
"""A shorter word is no old token (the API's example has so many) but Logpush's test: `test`."""

# RE2. Between `^` and `$` it is the same whether `matches` searches or matches the whole.
_JWT: Final = r"^\s*eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\s*$"
_WORD: Final = r"^\s*[A-Za-z0-9+.\x2F_-]+\s*$"

_NO_NAME: Final = "/ \t\r\n"  # a name of nothing else ends any name
_DIGEST_CHARS: Final = 16

_SCOPE_REFUSED: Final = re.compile(r"[|\x00-\x1f\x7f\u0085\u2028\u2029]")


class _Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is a token; `ours` is None where no claim names a destination of Sumo's."""

    written: Written
    token: Token
    ours: bool | None


class SumoSearch:
    """Looks for the challenge of one sumo:// destination; what earlier looks met is kept.

    Sumo does not say which source a message came by, other than by names that its owner gave: those
    may stand in `scope`, an expression such as `_sourceCategory=cloudflare`. With `filename`, only
    a message counts whose `_sourceName` ends with it: that is where a name sent along would be.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        sumo: SumoSearchJobs,
        clock: Clock,
        filename: str | None = None,
        scope: str = "",
    ) -> None:
        """Prepare to look; nothing is asked yet.

        Raises:
            ConfigError: the scope is more than one, or the filename names nothing.
        """
        if filename is not None and not filename.strip(_NO_NAME):
            raise ConfigError(
                "--filename names nothing; give the name in the API's answer, or leave it"
            )
        self._scope = scope.strip()
        if _SCOPE_REFUSED.search(self._scope):
            raise ConfigError(
                "--sumo-scope: a scope has no `|` and no line breaks; "
                "write an expression such as _sourceCategory=cloudflare"
            )
        self._destination = destination
        self._sumo = sumo
        self._clock = clock
        self._filename = filename
        self._candidates: dict[str, _Candidate] = {}  # by the message's key
        self._looked_until: datetime | None = None

    async def look(self) -> Challenge | NoChallenge:
        """Search once, from where the look before ended.

        Raises:
            StoreError: it could not be searched.
        """
        now = max(self._clock.now(), _FIRST)
        since = now - BACK
        if self._looked_until:
            since = max(since, self._looked_until - OVERLAP)
        found = await self._sumo.messages(self._query(), since=since, until=now)
        for message in found.messages:
            self._take(message)
        if not found.notes:  # else something may be missing: the next look begins there again
            self._looked_until = now
        return self._choose(found, now)

    def _query(self) -> str:
        """Return the query. It has to let all tokens pass; `read_token` decides."""
        if self._scope:
            return f"({self._scope}) | where _raw matches /{_WORD}/"
        return f"eyJ* | where _raw matches /{_JWT}/"

    def _take(self, message: Message) -> None:
        """Keep a message that can be a challenge's."""
        if self._filename and not _is_named(message, self._filename):
            return
        token = read_token(message.raw.reveal().encode(errors="surrogatepass"))
        if not isinstance(token, Token):
            return
        if token.claims is None and not (
            self._scope and len(token.text.reveal()) >= PLAIN_CHARS_MIN
        ):
            return
        # One without an id is told from others by its token, which its key must not show.
        digest = hashlib.sha256(token.text.reveal().encode()).hexdigest()[:_DIGEST_CHARS]
        key = f"_messageid:{message.id or f'none-{digest}'}"
        self._candidates[key] = _Candidate(
            written=Written(key=key, written_at=message.received_at),
            token=token,
            ours=self._is_ours(token),
        )

    def _is_ours(self, token: Token) -> bool | None:
        """Tell whether a claim is our destination; None where no claim is one of Sumo's."""
        told = [
            claim.value.reveal()
            for claim in token.claims or ()
            if claim.value.reveal().lower().startswith("sumo://")
        ]
        return any(self._is_same(conf) for conf in told) if told else None

    def _is_same(self, conf: str) -> bool:
        """Tell whether it leads to our source; how it is written is compared with the job later."""
        if conf == self._destination.conf.reveal():
            return True
        try:
            return parse_destination(conf).identity == self._destination.identity
        except DestinationInvalid:
            return False

    def _choose(self, found: Found, now: datetime) -> Challenge | NoChallenge:
        """Return the newest of the best: for this destination by a claim, else a JWT, else any."""
        skipped = sum(each.ours is False for each in self._candidates.values())
        fitting = sorted(
            (each for each in self._candidates.values() if each.ours is not False),
            key=lambda each: (each.written.written_at, each.written.key),
            reverse=True,
        )
        if not fitting:
            return self._none(found, skipped)
        best = max(fitting, key=_rank)  # of equals the first, which is the newest
        notes = [*found.notes]
        if skipped:
            notes.append(f"{_messages(skipped)} skipped: the token is for another destination")
        if best.token.expires_at and best.token.expires_at <= now:
            notes.append(
                f"it expired at {best.token.expires_at:%Y-%m-%dT%H:%M:%SZ}; ask for a new challenge"
            )
        if best.token.claims is None:
            notes.append("it is no JWT, and any word in this scope would look like it")
        elif best.ours is None:
            notes.append("none of its claims is a destination_conf, as one of a token's is")
        return Challenge(
            written=best.written,
            token=best.token,
            others=tuple(each.written for each in fitting if each is not best),
            notes=tuple(notes),
        )

    def _none(self, found: Found, skipped: int) -> NoChallenge:
        within = f" within {self._scope}" if self._scope else ""
        named = f" and has the source name {unbroken(self._filename)}" if self._filename else ""
        message = (
            f"{self._sumo.name}: no message of the last {BACK.days} days{within} is a token{named}"
        )
        if skipped:
            message += f"; {_messages(skipped)} skipped: the token is for another destination"
        for note in found.notes:
            message += f"; {note}"
        remedies = ["is it the account of the source? Live Tail shows what arrives at once"]
        if self._filename:
            remedies.append("Logpush may send no name: look without --filename")
        if not self._scope:
            remedies.append("an old token that is no JWT is found with --sumo-scope only")
        return NoChallenge(
            message=f"{message}; {'; '.join(remedies)}",
            brief=f"no token among the messages of {self._sumo.name} yet",
            looked_in=(self._sumo.name,),
        )


def _is_named(message: Message, filename: str) -> bool:
    """Tell whether the message came under this name, in whatever folder."""
    return f"/{message.source_name}".endswith(f"/{filename.lstrip('/')}")


def _rank(candidate: _Candidate) -> tuple[bool, bool]:
    return candidate.ours is True, candidate.token.claims is not None


def _messages(count: int) -> str:
    return f"{count:,} message was" if count == 1 else f"{count:,} messages were"
