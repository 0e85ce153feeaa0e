"""One claim, from its beginning to its end: read, verified, recorded, or given back."""

from collections.abc import Callable
from datetime import datetime

from receiver.check.report import Verdict
from receiver.errors import WorkerLost
from receiver.intake.parts import Hired, Parts
from receiver.intake.retries import Retry, retry_of
from receiver.intake.steps import Step
from receiver.ledger.ledger import Claim, Judgement
from receiver.store.store import Object
from receiver.workers.reading import Answer


async def run_errand(claim: Claim, now_hired: Callable[[], Hired], parts: Parts) -> Answer:
    """Have a claimed object verified and record what came of it; return that.

    The claim is given up in one transaction with the verdict. If the process ends before that, the
    claim expires, and the object is read again; if after, there is nothing left to do.

    A failure is doubted: its job may have changed, and nobody here know it yet. Where others are
    hired meanwhile to judge the place by other Expectations, the object is theirs.
    """
    hired = now_hired()
    entry, began = claim.entry, parts.clock.monotonic()
    obj = Object(
        key=entry.key,
        etag=entry.etag,
        stored_bytes=entry.stored_bytes,
        arrived_at=entry.arrived_at,
    )
    try:
        answer = await hired.answer(entry.place, obj)
    except WorkerLost as error:  # not the object's fault: nothing is counted against it
        await give_back(claim, parts)
        return Answer(etag=entry.etag, error=str(error), of_place=True)
    parts.at(Step.READ)
    read_seconds = parts.clock.monotonic() - began
    now = parts.clock.now()
    if answer.report is None:
        await _put_back(claim, answer, parts, now)
        return answer
    if answer.report.verdict is Verdict.FAIL:
        await parts.doubt(entry.place)
        anew = now_hired().assignment(entry.place)
        if anew is not None and anew != hired.assignment(entry.place):
            await give_back(claim, parts)
            return answer
    judgement = Judgement(
        report=answer.report,
        etag=answer.etag,
        digest=answer.digest,
        arrived_at=answer.arrived_at,
    )
    recorded = await parts.insistence.ask(lambda: parts.ledger.record(claim, judgement, now=now))
    parts.at(Step.RECORDED)
    parts.leases.let_go(claim)
    if recorded:
        parts.observer.judged(entry, judgement, read_seconds=read_seconds)
    else:
        parts.observer.lost(entry)
    return answer


async def give_back(claim: Claim, parts: Parts) -> None:
    """Give a claim up as if it had never been: the next who asks gets it."""
    await parts.insistence.ask(lambda: parts.ledger.put_back(claim, next_try_at=None))
    parts.at(Step.PUT_BACK)
    parts.leases.let_go(claim)
    parts.observer.put_back(claim.entry, error="", reason=None)


async def _put_back(claim: Claim, answer: Answer, parts: Parts, now: datetime) -> None:
    """Have an object tried again, later, or park it: its reason stands with it."""
    retry: Retry = retry_of(
        claim.entry, answer, retries=parts.retries, now=now, random=parts.random
    )
    done = await parts.insistence.ask(
        lambda: parts.ledger.put_back(
            claim, error=answer.error, next_try_at=retry.next_try_at, park=retry.park
        )
    )
    parts.at(Step.PUT_BACK)
    parts.leases.let_go(claim)
    if not done:
        parts.observer.lost(claim.entry)
        return
    told = parts.observer.parked if retry.park else parts.observer.put_back
    told(claim.entry, error=answer.error, reason=answer.reason)
