"""One verification, from what was asked to its report; what `verify` and `demo` have in common."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

import msgspec

from receiver.cli.gather import Gathering
from receiver.cli.jobs import STDIN, AskedJob, notes_of
from receiver.cli.progress import SweepBar
from receiver.cli.reference import judge_samples
from receiver.cli.stdin import stdin_chunks
from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import DestinationInvalid, StoreError, WorkerLost
from receiver.job.expectation import Expectation
from receiver.job.job import label
from receiver.report.sweep_report import SweepJob, SweepReport, sweep_job
from receiver.selection.overlap import merged
from receiver.selection.span import Span
from receiver.selection.target import Target, target_of_source, targets_of_jobs
from receiver.sweep import Event, Selected, Verified, sweep, verify_stream


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
    unanswered: tuple[str, ...] = ()


async def verify_request(request: Request, *, clock: Clock) -> SweepReport:
    """Verify what is asked. When cancelled (Ctrl-C), return what was verified by then.

    Raises:
        ConfigError: a source that cannot be read from.
        StoreError: not even what a source is could be found out.
    """
    selection = await _select(request, clock)
    expectations = [each.expectation for each in request.asked if not each.unverifiable]
    gathering = Gathering(keep_reports=request.keep_reports)
    interrupted = False
    with SweepBar() as bar:

        def take(event: Event) -> None:
            gathering.take(event)
            bar.take(event)

        try:
            if STDIN in request.sources and expectations:
                await _verify_stdin(expectations, take, clock)
            if selection.targets:
                await sweep(
                    selection.targets, on_event=take, clock=clock, processes=request.processes
                )
        except asyncio.CancelledError:  # nobody else waits for this task: what there is, is the end
            interrupted = True
        except (StoreError, WorkerLost) as error:
            gathering.unread(_places(selection.targets), str(error))
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
    targets, shown = [], []
    for source in request.sources:
        if source == STDIN:
            shown.append("standard input")
            continue
        target = await target_of_source(
            source,
            expectations=[each.expectation for each in verifiable],
            span=request.span,
            clock=clock,
            endpoint_url=request.endpoint_url,
        )
        targets.append(target)
        # Whatever has a scheme may hold keys: the Destination shows none.
        shown.append(str(parse_destination(source)) if "://" in source else source)
    return _Selection(
        targets=tuple(merged(targets)) if verifiable else (),
        jobs=jobs,
        sources=tuple(shown),
        unanswered=unanswered,
    )


def _where_jobs_write(
    request: Request, verifiable: Sequence[AskedJob], unanswered: tuple[str, ...]
) -> _Selection:
    """Select the jobs' own destinations; one that cannot be read back stands in no other's way."""
    places = [_destination_of(each) for each in request.asked]
    readable = [
        each
        for each, place in zip(request.asked, places, strict=True)
        if each in verifiable and (place is None or place.stored)
    ]
    pushed = [each for each in verifiable if each not in readable] if readable else []
    targets = targets_of_jobs(
        [(each.job, each.expectation) for each in (readable or verifiable)],
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
    if len(targets) != 1 or targets[0].keys:
        return ""
    return targets[0].destination.prefix_literal


def _places(targets: Sequence[Target]) -> str:
    return ", ".join(str(target.destination) for target in targets)
