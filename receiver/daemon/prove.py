"""A proof: the chain verified, and the objects of a span read again and held against it.

What was judged stands in sealed segments, and of the last hour in the ledger alone: that is told.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from receiver.clock import Clock
from receiver.daemon.prove_known import Register
from receiver.daemon.prove_manifest import Problems
from receiver.daemon.prove_place import PlaceProof, Proved
from receiver.daemon.replaying_entries import entries_of_span
from receiver.errors import ConfigError, StoreError, cause_of
from receiver.ledger.chain import ChainCheck
from receiver.ledger.ledger import Ledger, State
from receiver.report.phrase import counted
from receiver.selection.overlap import elsewhere
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.store import Store

_EARLY: Final = timedelta(days=1)
"""A name's window and the clock that judged it may differ: earlier segments are read as well."""

OpenStore: TypeAlias = Callable[[Target], AbstractAsyncContextManager[Store]]


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """What the chain says of itself, and of what it does not hold."""

    problems: tuple[str, ...]
    problems_more: int
    segments: int
    entries: int
    lineless: int  # segments of the span whose lines retention has taken
    unsealed: int  # judged objects of the span that no segment seals yet
    last_hash: str


async def prove(
    ledger: Ledger,
    *,
    targets: Sequence[Target],
    span: Span,
    clock: Clock,
    open_: OpenStore,
    absence: Callable[[str], str],
    on_chain: Callable[[Chain], None],
    on_object: Callable[[Proved], None],
) -> None:
    """Verify the chain, then read the objects; tell of the chain once, of each object once.

    `absence` says of a place that is not among the targets why not.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    with Register(span) as register:
        chain, horizon = await _read_chain(ledger, register, span, now=clock.now())
        on_chain(chain)
        proof = PlaceProof(
            ledger,
            register,
            span=span,
            horizon=horizon,
            now=clock.now(),
            on_object=on_object,
        )
        held = register.places()
        watched = {target.destination.identity for target in targets}
        for place in sorted(held.keys() - watched):
            proof.unread(place, f"{absence(place)}: {counted(held[place], 'object')}")
        for number, target in enumerate(targets):
            if target.judged or target.destination.identity in held:
                taken = elsewhere(targets, number)
                try:
                    async with open_(target) as store:
                        await proof.prove_place(store, target, taken)
                except (StoreError, ConfigError) as error:
                    proof.unread(target.destination.identity, str(error))
                except ExceptionGroup as group:
                    raise cause_of(group) from group


async def _read_chain(
    ledger: Ledger, register: Register, span: Span, *, now: datetime
) -> tuple[Chain, datetime]:
    """Verify the whole chain, and keep what is of the span; return since when the ledger knows."""
    problems, check = Problems(), ChainCheck()
    segments = entries = lineless = 0
    horizon: datetime | None = None
    last_hash = ""
    async for segment in ledger.segments():
        for problem in check.feed(segment):
            problems.add(problem)
        segments, entries, last_hash = segments + 1, entries + segment.entries, segment.hash
        horizon = segment.start if horizon is None else horizon
        if span.start is None or segment.end > span.start - _EARLY:
            for problem in register.take_segment(segment):
                problems.add(problem)
            lineless += segment.lines is None
        if segment.lines is None:
            horizon = segment.end
        await asyncio.sleep(0)
    async for entry in entries_of_span(ledger, span, states={State.JUDGED}):
        if entry.judged_at is None:
            continue
        if problem := register.take_entry(entry):
            problems.add(problem)
        if not segments:  # not when it was judged: a replay judges again
            horizon = entry.seen_at if horizon is None else min(horizon, entry.seen_at)
    chain = Chain(
        problems=tuple(problems.told),
        problems_more=problems.more,
        segments=segments,
        entries=entries,
        lineless=lineless,
        unsealed=register.unsealed,
        last_hash=last_hash,
    )
    return chain, horizon or now
