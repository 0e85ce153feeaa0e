"""Which windows a plan of faults meets, and what it notes."""

import gzip
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from receiver.emulator.batches import Batch, Frame
from receiver.emulator.pusher.delivery import WindowFaults
from receiver.emulator.pusher.kinds import UNJUDGED
from receiver.emulator.pusher.manifest import Manifest, Planted, Unfit, read_manifest
from receiver.emulator.pusher.plan import FaultPlan
from receiver.emulator.pusher.plan_file import parse_plan
from receiver.emulator.records import RecordWriter
from receiver.job.job import Job
from tests.unit.emulator.pusher.planning import (
    MINUTE,
    PATH,
    START,
    claimed,
    deliver,
    fault,
    fault_plan,
    found_in,
    job,
    window,
    writer,
)

HOUR = range(60)


def met(plan: FaultPlan, **given: Any) -> set[int]:
    """Return the minutes of the hour that a plan of gaps, or of late batches, meets."""
    came = {each.window[0] for each in deliver(plan, *HOUR, **given) if not each.after}
    return {number for number in HOUR if START + number * MINUTE not in came}


def noted(*faults: str, tmp_path: Path, of: Job | None = None, parts: int = 1) -> list[Any]:
    plan = fault_plan(*faults, manifest=Manifest(tmp_path / "m.ndjson"), of=of)
    deliver(plan, 0, 1, parts=parts)
    plan.manifest.close()
    return read_manifest(tmp_path / "m.ndjson") if (tmp_path / "m.ndjson").exists() else []


def at(minute: int) -> str:
    return f"{START + minute * MINUTE:%Y-%m-%dT%H:%M:%SZ}"


class TestWindows:
    def test_a_plan_without_faults_changes_nothing(self) -> None:
        for parts in (1, 3):
            found = deliver(fault_plan(), *HOUR, parts=parts)
            expected = [batch for number in HOUR for batch in window(number, parts=parts)]
            assert [(each.key, each.body) for each in found] == [
                (batch.key, batch.write().body) for batch in expected
            ]
            assert not any(each.planted or each.after or each.kind for each in found)
            assert [each.records for each in found] == [len(batch.lines) for batch in expected]

    def test_windows_that_begin_between_both_ends_are_met(self) -> None:
        assert met(fault_plan(fault("gap", **{"from": at(5), "to": at(8)}))) == {5, 6, 7}
        assert met(fault_plan(fault("gap", **{"from": at(58)}))) == {58, 59}
        assert met(fault_plan(fault("gap", to=at(2)))) == {0, 1}
        assert met(fault_plan(fault("gap"))) == set(HOUR)

    def test_every_so_many_th_window_is_met(self) -> None:
        found = sorted(met(fault_plan(fault("gap", every=20))))
        assert len(found) == 3
        assert {later - earlier for earlier, later in pairwise(found)} == {20}

    def test_faults_with_one_every_meet_different_windows(self) -> None:
        first = met(fault_plan(fault("gap", every=20)))
        both = met(fault_plan(fault("gap", every=20), fault("late", every=20)))
        assert first < both
        assert len(both) == 6

    def test_chance_meets_about_its_share_and_the_same_windows_each_time(self) -> None:
        plan = fault_plan(fault("gap", probability=0.3))
        found = met(plan)
        assert abs(len(found) - 18) < 6 * (60 * 0.3 * 0.7) ** 0.5
        assert found == met(plan)
        assert found != met(fault_plan(fault("gap", probability=0.3), seed=2))
        assert found != met(plan, job_id=147)

    def test_a_window_is_spoiled_alike_whatever_came_before_it(self) -> None:
        plan = fault_plan(fault("field-type"), fault("gap"))
        assert deliver(plan, *HOUR)[7] == deliver(plan, 7)[0]

    @pytest.mark.parametrize(("which", "meets"), [(146, 60), ("acme", 60), (147, 0), ("acm", 0)])
    def test_a_job_is_named_by_its_id_or_its_name(self, which: int | str, meets: int) -> None:
        assert len(met(fault_plan(fault("gap", job=which)))) == meets

    def test_the_first_fault_for_a_window_is_planted(self) -> None:
        plan = fault_plan(fault("gap", to=at(1)), fault("late"))
        (second,) = deliver(plan, 0, 1)
        assert second.after == timedelta(minutes=15)

    def test_a_fault_that_does_not_fit_leaves_the_window_to_the_next(self) -> None:
        plan = fault_plan(fault("field-missing", field="Nonesuch"), fault("late"))
        (found,) = deliver(plan, 0)
        assert found.kind == "late"

    def test_every_batch_of_a_window_is_spoiled(self) -> None:
        found = deliver(fault_plan(fault("field-missing"), of=job()), 0, parts=4)
        planted = tuple(one for each in found for one in each.planted)
        assert len(planted) == 4
        assert found_in(found, job()) == claimed(planted)

    def test_of_nothing_nothing_comes(self) -> None:
        faults = fault_plan(fault("batch-empty")).for_job(146, "acme", PATH)
        (batch,) = window()
        empty = Batch(path=PATH, start=batch.start, end=batch.end, batch_id="0" * 8, lines=())
        assert faults.deliveries([], writer=writer(), now=START) == []
        assert faults.deliveries([empty], writer=writer(), now=START) == []

    def test_a_plan_is_what_the_pusher_asks_for(self) -> None:
        faults: WindowFaults = fault_plan().for_job(146, "acme", PATH)
        assert faults.outage(START) is None


class TestOutage:
    @pytest.mark.parametrize(
        ("kind", "why"), [("permission-lost", "access denied"), ("upload-stalled", "stalled")]
    )
    def test_uploads_fail_for_as_long_as_it_lasts(self, kind: str, why: str) -> None:
        plan = fault_plan(fault(kind, job=146, **{"from": at(5), "to": at(8)}))
        faults, other = plan.for_job(146, "acme", PATH), plan.for_job(147, "other", PATH)
        refused = [n for n in HOUR if faults.outage(START + n * MINUTE) is not None]
        assert refused == [5, 6, 7]
        assert why in str(faults.outage(START + 5 * MINUTE))
        assert "logpush-receiver" in str(faults.outage(START + 5 * MINUTE))
        assert not any(other.outage(START + n * MINUTE) for n in HOUR)

    def test_it_spoils_no_batch_and_hides_no_fault(self) -> None:
        plan = fault_plan(fault("permission-lost"), fault("late"))
        (found,) = deliver(plan, 0)
        assert found.kind == "late"

    def test_it_is_noted_once(self, tmp_path: Path) -> None:
        plan = fault_plan(fault("upload-stalled"), manifest=Manifest(tmp_path / "m"))
        for number in HOUR:
            plan.for_job(146, "acme", PATH).outage(START + number * MINUTE)
        plan.manifest.close()
        (entry,) = read_manifest(tmp_path / "m")
        assert isinstance(entry, Planted)
        assert (entry.kind, entry.window, entry.judged) == ("upload-stalled", None, UNJUDGED)


class TestFit:
    @pytest.mark.parametrize(
        ("planted", "of", "reason"),
        [
            (fault("cve-lost"), job(logpull_options="fields=RayID"), "no CVE-2021-44228 option"),
            (fault("filter-ignored"), job(filter=""), "no filter"),
            (fault("field-type", field="EdgeStartTimestamp"), None, "name a field of another type"),
            (fault("field-type", field="Nonesuch"), None, "does not ask for Nonesuch"),
            (fault("field-extra", field="RayID"), None, "one that it does not ask for"),
            (fault("field-missing"), job(output_options={"output_type": "csv"}), "not NDJSON"),
        ],
    )
    def test_what_does_not_fit_is_noted_once_and_plants_nothing(
        self, planted: str, of: Job | None, reason: str, tmp_path: Path
    ) -> None:
        (entry,) = noted(planted, tmp_path=tmp_path, of=of)
        assert isinstance(entry, Unfit)
        assert reason in entry.reason
        assert deliver(fault_plan(planted, of=of), 0)[0].planted == ()

    def test_a_destination_without_days_has_no_wrong_folder(self) -> None:
        (batch,) = window()
        flat = Batch(path="", start=batch.start, end=batch.end, batch_id="1", lines=batch.lines)
        faults = fault_plan(fault("wrong-day-folder")).for_job(146, "acme", "")
        (found,) = faults.deliveries([flat], writer=writer(), now=START)
        assert (found.key, found.planted) == (flat.key, ())

    def test_lines_that_are_no_records_are_left_alone_where_the_job_is_not_known(self) -> None:
        (batch,) = window()
        csv = Batch(
            path=PATH, start=batch.start, end=batch.end, batch_id="1", lines=(b"a,b", b"1,2")
        )
        for kind in ("field-missing", "line-not-utf8", "dataset-wrong", "clock-skew"):
            faults = fault_plan(fault(kind)).for_job(146, "acme", PATH)
            (found,) = faults.deliveries([csv], writer=writer(), now=START)
            assert found.body == csv.write().body

    @pytest.mark.parametrize("kind", ["gzip-crc", "duplicate-records", "partial-loss"])
    def test_of_another_output_shape_no_record_is_read_and_nothing_is_claimed(
        self, kind: str, tmp_path: Path
    ) -> None:
        of = job(output_options={"output_type": "csv"})
        first, _ = noted(fault(kind), tmp_path=tmp_path, of=of)
        assert (first.kind, first.finds, first.judged) == (kind, (), UNJUDGED)

    @pytest.mark.parametrize(
        ("kind", "settings", "left"),
        [
            ("duplicate-records", {}, 40 + 3),
            ("partial-loss", {"share": 1}, 0),
            ("sample-wrong", {"share": 1}, 40),
            ("reordered", {}, 40),
            ("many-objects", {}, 40),
        ],
    )
    def test_records_are_lost_repeated_and_moved_in_any_output_shape(
        self, kind: str, settings: dict[str, int], left: int
    ) -> None:
        (batch,) = window()
        lines = tuple(b'"%d","x"' % number for number in range(40))
        csv = msgspec.structs.replace(batch, lines=lines, frame=Frame(delimiter=b"|"))
        of = job(output_options={"output_type": "csv"})
        faults = fault_plan(fault(kind, **settings), of=of).for_job(146, "acme", PATH)
        found = faults.deliveries([csv], writer=writer(), now=START)
        texts = [gzip.decompress(each.body).removesuffix(b"\n").split(b"\n|") for each in found]
        seen = [line for text in texts for line in text]
        assert len(seen) == left
        assert set(seen) <= set(lines)

    def test_a_job_with_too_few_kinds_of_fields_is_left_as_it_is(self) -> None:
        (batch,) = window()
        few = RecordWriter("http_requests", ["RayID"])
        faults = fault_plan(fault("clock-skew")).for_job(146, "acme", PATH)
        (found,) = faults.deliveries([batch], writer=few, now=START)
        assert found.body == batch.write().body


class TestNotes:
    def test_a_planted_fault_is_noted_with_what_it_shows(self, tmp_path: Path) -> None:
        first, second = noted(fault("field-missing", field="BotScore"), tmp_path=tmp_path)
        assert isinstance(first, Planted)
        assert (first.kind, first.job, first.job_name) == ("field-missing", 146, "acme")
        assert first.window == (START, START + MINUTE)
        assert first.keys == (window()[0].key,)
        assert (first.records_made, first.records_left) == (40, 40)
        (claim,) = first.finds
        assert (claim.code, claim.severity, claim.field) == ("field-missing", "error", "BotScore")
        assert (claim.key, claim.count, len(claim.lines)) == (first.keys[0], 3, 3)
        assert second.window == (START + MINUTE, START + 2 * MINUTE)

    def test_a_gap_is_noted_with_what_it_took(self, tmp_path: Path) -> None:
        first, _ = noted(fault("gap"), tmp_path=tmp_path, parts=3)
        assert (first.keys, first.finds, first.judged) == ((), (), UNJUDGED)
        assert (first.records_made, first.records_left) == (40, 0)

    def test_a_harmless_variation_is_noted_as_one(self, tmp_path: Path) -> None:
        first, _ = noted(fault("many-objects"), tmp_path=tmp_path)
        assert (first.harmless, first.finds, first.judged) == (True, (), "")
        assert len(first.keys) == 3

    def test_a_wrong_sample_shows_only_with_a_reference(self, tmp_path: Path) -> None:
        first, _ = noted(fault("sample-wrong"), tmp_path=tmp_path)
        assert (first.finds, first.judged) == ((), "")
        assert [each.code for each in first.of_sweep] == ["sample-rate"]

    def test_nothing_is_noted_of_windows_that_no_fault_met(self, tmp_path: Path) -> None:
        assert noted(fault("gap", job=1), tmp_path=tmp_path) == []


def test_another_plan_holds_from_the_next_window_on() -> None:
    plan = fault_plan(fault("gap"))
    faults = plan.for_job(146, "acme", PATH)

    def came() -> int:
        return len(faults.deliveries(list(window()), writer=writer(), now=START))

    assert came() == 0
    plan.replace(parse_plan("", source="plan"))
    assert came() == 1
    plan.replace(parse_plan(fault("duplicate-object"), source="plan"))
    assert came() == 2


def test_a_plan_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(fault("gap"))
    assert deliver(FaultPlan.read(path), 0) == []
