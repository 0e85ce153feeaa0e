"""The Entries whose windows begin in a span, those included whose window nobody has recorded.

A window is recorded with the verdict; of what was not judged yet only its name tells it. One whose
name tells none is of the span if it came then.
"""

from collections.abc import AsyncIterator, Collection

from receiver.batch.name import read_name
from receiver.check.report import Verdict
from receiver.ledger.ledger import Entry, Ledger, State
from receiver.selection.span import Span

ALL: frozenset[State] = frozenset(State)


async def entries_of_span(
    ledger: Ledger,
    span: Span,
    *,
    states: Collection[State] = ALL,
    place: str | None = None,
    job: int | None = None,
    verdict: Verdict | None = None,
    key: str | None = None,
    newest_first: bool = False,
) -> AsyncIterator[Entry]:
    """Yield them by arrival: those that were judged once, then those that only a name places."""
    recorded = ledger.entries(
        place=place,
        job=job,
        state=next(iter(states)) if len(states) == 1 else None,
        verdict=verdict,
        window_from=span.start,
        window_to=span.end,
        key=key,
        newest_first=newest_first,
    )
    async for entry in recorded:
        if entry.state in states:
            yield entry
    if job is not None or verdict is not None:
        return  # of what was not judged neither is known
    for state in State:
        if state is State.JUDGED or state not in states:
            continue
        async for entry in ledger.entries(
            place=place, state=state, key=key, newest_first=newest_first
        ):
            if entry.verdict is None and _is_of(span, entry):
                yield entry


def _is_of(span: Span, entry: Entry) -> bool:
    name = read_name(entry.key)
    return span.holds(entry.arrived_at if name is None else name.start)
