"""Whether a token fits a job, before the API refuses it: its claims held against the job.

The claims are not published and their signature cannot be verified, so they are read for what they
mean; a difference needs both a claim's name and its value to speak. A claim that fits outweighs
others of its kind: a token for a zone may name the zone's account as well.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from receiver.api.scope import Scope
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import DestinationInvalid
from receiver.ownership.claims import (
    Subject,
    is_hex_id,
    kind_named,
    shown_conf,
    subject_of,
)
from receiver.ownership.conf_parts import EXACTLY, unlike_parts
from receiver.ownership.token import Claim, Token, numeric_date
from receiver.secret import Secret

CLOCKS_APART: Final = timedelta(minutes=5)
"""A token from so far ahead may be in time: clocks differ, and RFC 7519 allows a leeway."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something in which a token and a job differ. Shows no secret."""

    what: str  # "expiry", "validity", "destination_conf", "object type", "object id"
    said: str  # by the token
    wanted: str  # by the job
    remedy: str  # a sentence


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """How a token fits a job; it fits where nothing differs."""

    differences: tuple[Difference, ...] = ()
    matches: tuple[str, ...] = ()  # what was compared and is alike, in the words of `what`
    unrecognised: tuple[str, ...] = ()  # names of claims that were not compared
    notes: tuple[str, ...] = ()  # whole clauses without a full stop


def compare(
    token: Token, *, conf: Secret, destination: Destination, scope: Scope | None, now: datetime
) -> Fit:
    """Hold a token's claims against the job's destination_conf, what it is for, and the time."""
    if token.claims is None:
        return Fit(notes=("it is no JWT: there is nothing in it to compare with the job",))
    by_subject: dict[Subject, list[Claim]] = {subject: [] for subject in Subject}
    for claim in token.claims:
        by_subject[_subject(claim, conf, scope)].append(claim)
    return _joined(
        _fit_of_times(by_subject[Subject.TIME], token, now),
        _fit_of_conf(by_subject[Subject.CONF], conf, destination),
        _fit_of_scope(by_subject[Subject.KIND], by_subject[Subject.OBJECT_ID], scope),
        Fit(unrecognised=_names(by_subject[Subject.UNKNOWN])),
    )


def _subject(claim: Claim, conf: Secret, scope: Scope | None) -> Subject:
    """Tell what a claim speaks of; what is the job's own speaks of that, under whatever name."""
    if claim.value == conf:
        return Subject.CONF
    if scope and is_hex_id(scope.id) and _is_same(claim, scope.id):
        return Subject.OBJECT_ID
    return subject_of(claim)


def _joined(*fits: Fit) -> Fit:
    return Fit(
        differences=tuple(each for fit in fits for each in fit.differences),
        matches=tuple(each for fit in fits for each in fit.matches),
        unrecognised=tuple(dict.fromkeys(each for fit in fits for each in fit.unrecognised)),
        notes=tuple(each for fit in fits for each in fit.notes),
    )


def _fit_of_times(claims: Sequence[Claim], token: Token, now: datetime) -> Fit:
    differences: list[Difference] = []
    unread: list[Claim] = []
    for claim in claims:
        match claim.name:
            case "exp":
                time = token.expires_at
            case "iat":
                time = token.issued_at
            case _:
                time = numeric_date(claim.value.reveal())
        if time is None:
            unread.append(claim)
        else:
            differences += _unlike_time(claim.name, time, now)
    return Fit(
        differences=tuple(differences),
        matches=("expiry",) if token.expires_at and not token.expired(now) else (),
        unrecognised=_names(unread),
        notes=() if token.expires_at else ("the token does not say when it expires",),
    )


def _unlike_time(name: str, time: datetime, now: datetime) -> Iterator[Difference]:
    wanted = f"valid now, at {_when(now)}"
    if name == "exp" and time <= now:
        yield Difference(
            what="expiry",
            said=f"expired at {_when(time)}",
            wanted=wanted,
            remedy="Ask for a new challenge and bring its token.",
        )
    elif name != "exp" and time > now + CLOCKS_APART:
        yield Difference(
            what="validity",
            said=f"{'issued at' if name == 'iat' else 'valid from'} {_when(time)}",
            wanted=wanted,
            remedy="Set this machine's clock; if it is right, ask for a new challenge.",
        )


def _fit_of_conf(claims: Sequence[Claim], conf: Secret, destination: Destination) -> Fit:
    if not claims:
        return Fit(notes=("no claim is known for the destination_conf: it was not compared",))
    if any(claim.value == conf for claim in claims):
        others = [claim for claim in claims if claim.value != conf]
        return Fit(matches=("destination_conf",), unrecognised=_names(others))
    told, *others = sorted(claims, key=lambda claim: "dest" not in claim.name.lower())
    return Fit(
        differences=tuple(_unlike_conf(told.value.reveal(), destination)),
        unrecognised=_names(others),
    )


def _unlike_conf(said: str, wanted: Destination) -> Iterator[Difference]:
    try:
        destination = parse_destination(said)
    except DestinationInvalid:
        yield Difference(
            what="destination_conf",
            said=f"{shown_conf(said)}, which cannot be understood",
            wanted=str(wanted),
            remedy=EXACTLY,
        )
        return
    for part in unlike_parts(destination, wanted):
        yield Difference(
            what="destination_conf", said=part.said, wanted=part.wanted, remedy=part.remedy
        )


def _fit_of_scope(kinds: Sequence[Claim], ids: Sequence[Claim], scope: Scope | None) -> Fit:
    """Compare what the token is for. Where the id is the job's, other ids are of other things."""
    if scope is None:
        return Fit(notes=("whether it is for the job's zone or account was not compared",))
    if any(_is_same(claim, scope.id) for claim in ids):
        of_id = Fit(
            matches=("object id",),
            unrecognised=_names([claim for claim in ids if not _is_same(claim, scope.id)]),
        )
        return _joined(_fit_of_kind({_kind_said(claim) for claim in kinds}, scope), of_id)
    said = {_kind_said(claim) for claim in kinds} or {kind for kind in map(kind_named, ids) if kind}
    of_kind = _fit_of_kind(said, scope)
    comparable = [claim for claim in ids if kind_named(claim) in {None, scope.kind}]
    others = [claim for claim in ids if claim not in comparable]
    if not comparable or not is_hex_id(scope.id):
        others, comparable = list(ids), []
    of_id = Fit(
        differences=tuple(_unlike_id(claim, scope) for claim in comparable[:1]),
        unrecognised=_names([*others, *comparable[1:]]),
    )
    if of_kind == Fit() and not comparable:
        of_id = _joined(of_id, Fit(notes=(f"no claim is known for the {scope.kind}'s id",)))
    return _joined(of_kind, of_id)


def _fit_of_kind(said: set[str], scope: Scope) -> Fit:
    if not said:
        return Fit()
    if scope.kind in said:
        return Fit(matches=("object type",))
    difference = Difference(
        what="object type",
        said=" and ".join(sorted(said)),
        wanted=scope.kind,
        remedy=_made_under(scope),
    )
    return Fit(differences=(difference,))


def _unlike_id(claim: Claim, scope: Scope) -> Difference:
    return Difference(
        what="object id",
        said=claim.value.reveal(),
        wanted=scope.id,
        remedy=_made_under(scope),
    )


def _made_under(scope: Scope) -> str:
    return f"Make the challenge under /{scope.kind}s/{scope.id}, as the job is."


def _kind_said(claim: Claim) -> str:
    return claim.value.reveal().lower()


def _is_same(claim: Claim, object_id: str) -> bool:
    return claim.value.reveal().lower() == object_id.lower()


def _names(claims: Sequence[Claim]) -> tuple[str, ...]:
    return tuple(claim.shown_name for claim in claims)


def _when(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
