"""What `verify` says of what was pushed, against what the manifest says that it must say."""

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from receiver.emulator.pusher.kinds import KINDS, UNJUDGED
from receiver.emulator.pusher.manifest import Counted, Delivered, Planted, Unfit
from tests.score.places import Place
from tests.score.pushing import CLEAN, UNCOUNTED, Pushed, kind_of, push

SECONDS_MAX = 300
WITHHOLDING = {"gap", "silence", "upload-stalled", "permission-lost"}
COMMAND = (sys.executable, "-m", "receiver.cli.main", "verify", "--format", "json")

Fault = tuple[int, str, str, str, str]
"""A job's id, a batch's name with its day, and a finding's code, severity and field."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The score of one kind of fault."""

    label: str
    windows: int  # that it met
    judged: str  # what shows it, or why nothing does
    planted: int | None  # findings that there must be; None where nothing judges it
    found: int
    missed: int
    false: int
    fits: bool = True  # at this place

    @property
    def right(self) -> bool:
        """Whether it was planted, and all of it found and nothing else."""
        met = self.windows > 0 and (self.planted is None or self.planted > 0)
        return met is self.fits and not self.missed and not self.false


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """All rows, and what else is not as the manifest says."""

    rows: list[Row]
    batches: int
    differences: list[str]

    @property
    def right(self) -> bool:
        """Whether everything is as the manifest says."""
        return not self.differences and all(row.right for row in self.rows)


def scored(
    folder: Path, place: Place, *, kinds: Sequence[str], datasets: Sequence[str], seed: int
) -> Score:
    """Push there, verify it, and hold the findings against the manifest."""
    pushed = asyncio.run(push(folder, place, kinds=kinds, datasets=datasets, seed=seed))
    arguments = ("--endpoint-url", place.endpoint_url) if place.endpoint_url else ()
    return score(pushed, verify(folder, pushed, arguments=arguments))


def verify(folder: Path, pushed: Pushed, *, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Run the command in a process of its own, every job where it writes."""
    jobs = folder / "jobs.json"
    jobs.write_text(json.dumps(pushed.jobs))
    references = (f"--reference-count={job}={count}" for job, count in _references(pushed))
    done = subprocess.run(
        [*COMMAND, "--job", str(jobs), *references, *arguments],
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    if not done.stdout:
        raise RuntimeError(done.stderr.decode())
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def score(pushed: Pushed, report: Mapping[str, Any]) -> Score:
    """Hold a report against the manifest."""
    wanted, got = Counter(_wanted(pushed)), Counter(_got(report))
    rows = [_row(label, pushed, wanted, got) for label in dict.fromkeys(pushed.labels.values())]
    return Score(
        rows=rows, batches=len(report["batches"]), differences=[*_differences(pushed, report)]
    )


def _row(label: str, pushed: Pushed, wanted: Counter[Fault], got: Counter[Fault]) -> Row:
    jobs = {job for job, each in pushed.labels.items() if each == label}
    expected, found = _of(jobs, wanted), _of(jobs, got)
    right = {fault for fault in expected if found[fault] == expected[fault]}
    fits = kind_of(label) not in pushed.unfit
    judged = _judged(label) if fits else "a push lies in no folder"
    return Row(
        label=label,
        windows=_windows(label, jobs, pushed),
        judged=judged,
        planted=len(expected) if fits and _shown(label) else None,
        found=len(right),
        missed=len(expected.keys() - right),
        false=len(found.keys() - right),
        fits=fits,
    )


def _shown(label: str) -> bool:
    """Whether a verifier must find something."""
    return label not in {CLEAN, UNCOUNTED} and bool(KINDS[label].shown_by)


def _judged(label: str) -> str:
    if label == CLEAN:
        return "nothing must be found"
    return UNJUDGED if label == UNCOUNTED else KINDS[label].judged


def _differences(pushed: Pushed, report: Mapping[str, Any]) -> Iterator[str]:
    noted = {(each.job, _name(each.key)) for each in pushed.entries if isinstance(each, Delivered)}
    there = {(each["job"], _name(each["key"])) for each in report["batches"]}
    for what, keys in (("lost", noted - there), ("not noted", there - noted)):
        yield from (f"{what}: {key} of job {job}" for job, key in sorted(keys))
    yield from (f"unread: {each['key']}: {each['error']}" for each in report["unread"])
    for each in pushed.entries:
        if isinstance(each, Unfit) and each.kind not in pushed.unfit:
            yield f"unfit: {each.kind} for job {each.job}: {each.reason}"
    came = {(each.job, each.window) for each in pushed.entries if isinstance(each, Delivered)}
    for each in pushed.entries:
        if not isinstance(each, Counted) or kind_of(pushed.labels[each.job]) in WITHHOLDING:
            continue
        if each.kept and (each.job, each.window) not in came:
            yield f"never uploaded: {each.window[0]} of job {each.job}"


def _wanted(pushed: Pushed) -> dict[Fault, int]:
    wanted: Counter[Fault] = Counter()
    for each in pushed.entries:
        if isinstance(each, Delivered):
            for one in each.planted:
                name = _name(one.key)
                wanted[each.job, name, one.code, one.severity, one.field] += one.count
        elif isinstance(each, Planted) and pushed.labels[each.job] != UNCOUNTED:
            for one in each.of_sweep:  # said once, however many windows it met
                wanted[each.job, "", one.code, one.severity, one.field] = one.count
    return wanted


def _got(report: Mapping[str, Any]) -> dict[Fault, int]:
    got: Counter[Fault] = Counter()
    for batch in report["batches"]:
        for one in batch["findings"]:
            place = (batch["job"], _name(batch["key"]))
            got[*place, one["code"], one["severity"], one["field"]] += one["count"]
    for one in report["findings"]:
        job = re.match(r"job (\d+): ", one["expected"])
        place = (int(job[1]) if job else 0, "")
        got[*place, one["code"], one["severity"], one["field"]] += one["count"]
    return got


def _references(pushed: Pushed) -> Iterable[tuple[int, int]]:
    """Return the records before sampling of each job whose sample is to be judged, where it pushed.

    Of jobs without a fault too: they keep what their sample promises.
    """
    pushed_windows = {
        (each.job, each.window) for each in pushed.entries if isinstance(each, Delivered)
    }
    counts: defaultdict[int, int] = defaultdict(int)
    for each in pushed.entries:
        if isinstance(each, Counted) and (each.job, each.window) in pushed_windows:
            label = pushed.labels[each.job]
            if label == CLEAN or (label != UNCOUNTED and KINDS[label].of_sweep):
                counts[each.job] += each.before_sample
    return counts.items()


def _windows(label: str, jobs: set[int], pushed: Pushed) -> int:
    if label == CLEAN:
        return len({
            (each.job, each.window)
            for each in pushed.entries
            if isinstance(each, Delivered) and each.job in jobs
        })  # fmt: skip
    return sum(
        isinstance(each, Planted) and each.kind == kind_of(label) and each.job in jobs
        for each in pushed.entries
    )


def _of(jobs: set[int], faults: Counter[Fault]) -> Counter[Fault]:
    return Counter({fault: count for fault, count in faults.items() if fault[0] in jobs})


def _name(key: str) -> str:
    """Return the end of a key, from the day on: in front of it stands what a report makes of it."""
    return "/".join(key.split("/")[-2:])
