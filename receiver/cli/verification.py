"""One verification, from what was asked to its report; what `verify` and `demo` have in common."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

import msgspec

from receiver.cli.arguments import STDIN
from receiver.cli.gather import Gathering
from receiver.cli.jobs import AskedJob, notes_of
from receiver.cli.progress import SweepBar
from receiver.cli.reference import judge_samples
from receiver.cli.stdin import stdin_chunks
from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import DestinationInvalid, StoreError
from receiver.job.expectation import Expectation
from receiver.job.job import label
from receiver.report.sweep_report import SweepJob, SweepReport, sweep_job
from receiver.selection.overlap import merged
from receiver.selection.span import Span
from receiver.selection.target import Target, target_of_source, targets_of_jobs
from receiver.sweep import Event, Selected, Unread, Verified, sweep, verify_stream


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, read and found sound."""

    asked: tuple[AskedJob, ...]
    sources: tuple[str, ...] = ()  # none: where the jobs write
    span: Span | None = None
    processes: int | None = None
    references: dict[int, int] = {}  # by the job's place in `asked`
    endpoint_url: str | None = None
    keep_reports: bool = False


class _Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Where to look, and how a report shows it."""

    targets: tuple[Target, ...]
    jobs: tuple[SweepJob, ...]
    sources: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()  # sources that could not even be asked what they are
    unanswered: tuple[str, ...] = ()


async def verify_request(request: Request, *, clock: Clock) -> SweepReport:
    """Verify what is asked. When cancelled (Ctrl-C), return what was verified by then.

    A place that cannot be asked is unread; the others are verified all the same.

    Raises:
        ConfigError: a source that cannot be read from.
    """
    selection = await _select(request, clock)
    gathering = Gathering(
        keep_reports=request.keep_reports,
        several_roots=len({target.root for target in selection.targets if target.judged}) > 1,
    )
    interrupted = False
    with SweepBar() as bar:

        def take(event: Event) -> None:
            gathering.take(event)
            bar.take(event)

        for unread in selection.unread:
            take(unread)
        try:
            if STDIN in request.sources and any(not each.unverifiable for each in request.asked):
                await _verify_stdin(_expectations(request), take, clock)
            if selection.targets:
                await sweep(
                    selection.targets, on_event=take, clock=clock, processes=request.processes
                )
        except asyncio.CancelledError:  # nobody else waits for this task: what there is, is the end
            interrupted = True
    return _report(request, selection, gathering, interrupted=interrupted)


def _report(
    request: Request, selection: _Selection, gathering: Gathering, *, interrupted: bool
) -> SweepReport:
    complete = gathering.complete and not interrupted
    sample = judge_samples(request.asked, request.references, gathering.summary, complete=complete)
    report = gathering.report()
    return msgspec.structs.replace(
        report,
        jobs=selection.jobs,
        sources=selection.sources,
        prefix=_common_prefix(selection.targets),
        findings=sample.findings,
        unanswered=(*selection.unanswered, *sample.unanswered),
        unchecked=sample.unchecked,
        notes=(*notes_of(request.asked), *sample.notes, *report.notes),
        interrupted=interrupted,
    )


async def _select(request: Request, clock: Clock) -> _Selection:
    unanswered = tuple(each.unverifiable for each in request.asked if each.unverifiable)
    verifiable = [each for each in request.asked if not each.unverifiable]
    if not request.sources:
        return _where_jobs_write(request, verifiable, unanswered)
    jobs = tuple(sweep_job(each.expectation) for each in request.asked)
    targets, shown, unread = [], [], []
    for source in request.sources:
        if source == STDIN:
            shown.append("standard input")
            continue
        # Whatever has a scheme may hold keys: the Destination shows none.
        shown.append(str(parse_destination(source)) if "://" in source else source)
        try:
            target = await target_of_source(
                source,
                expectations=_expectations(request),
                span=request.span,
                clock=clock,
                endpoint_url=request.endpoint_url,
            )
        except StoreError as error:
            unread.append(Unread(key=shown[-1], error=str(error)))
        else:
            targets.append(target)
    return _Selection(
        targets=tuple(merged(targets)),
        jobs=jobs,
        sources=tuple(shown),
        unread=tuple(unread),
        unanswered=unanswered,
    )


def _expectations(request: Request) -> list[Expectation]:
    """Return those of all jobs: what a job writes that cannot be judged is no other job's."""
    return [each.expectation for each in request.asked]


def _where_jobs_write(
    request: Request, verifiable: Sequence[AskedJob], unanswered: tuple[str, ...]
) -> _Selection:
    """Select the jobs' own destinations; one that cannot be read back stands in no other's way."""
    places = [_destination_of(each) for each in request.asked]
    readable = [
        each
        for each, place in zip(request.asked, places, strict=True)
        if (not each.unverifiable if place is None else place.stored)
    ]
    if not any(each in readable for each in verifiable):
        readable = list(verifiable)
    pushed = [each for each in verifiable if each not in readable]
    targets = targets_of_jobs(
        [(each.job, each.expectation) for each in readable],
        span=request.span,
        endpoint_url=request.endpoint_url,
    )
    return _Selection(
        targets=tuple(merged(targets)),
        jobs=tuple(
            sweep_job(each.expectation, where="" if place is None else str(place))
            for each, place in zip(request.asked, places, strict=True)
        ),
        unanswered=(
            *unanswered,
            *(
                f"{label(each.job)}: what it pushes cannot be read back; name a copy"
                for each in pushed
            ),
        ),
    )


def _destination_of(asked: AskedJob) -> Destination | None:
    conf = asked.job.destination_conf
    if conf is None:
        return None
    try:
        return parse_destination(conf.reveal())
    except DestinationInvalid as error:
        raise DestinationInvalid(f"{label(asked.job)}: {error}") from None


async def _verify_stdin(
    expectations: Sequence[Expectation], take: Callable[[Event], None], clock: Clock
) -> None:
    take(Selected(objects=1, stored_bytes=0))
    async with aclosing(stdin_chunks()) as chunks:
        report = await verify_stream(chunks, expectations=expectations, arrived_at=clock.now())
    take(Verified(report=report, etag=""))


def _common_prefix(targets: Sequence[Target]) -> str:
    judged = [target for target in targets if target.judged]
    if len(judged) != 1 or judged[0].keys:
        return ""
    return judged[0].destination.prefix_literal
