"""The demo's comparison: it must notice what was missed as well as what nobody planted."""

from receiver.cli.planted import compare
from receiver.emulator.batches import PlantedFault
from tests.unit.report.sweep_reports import finding, report, report_of

PLANTED = PlantedFault(key="a", code="field-missing", severity="error", field="BotScore", count=3)


def test_what_was_planted_and_found_is_exact() -> None:
    comparison = compare([PLANTED], report_of(report(finding(count=3), key="a")))
    assert comparison.exact
    assert [fault.code for fault in comparison.found] == ["field-missing"]


def test_findings_that_differ_in_what_was_got_are_one_fault() -> None:
    swept = report_of(report(finding(count=1, got="int"), finding(count=2, got="null"), key="a"))
    assert compare([PLANTED], swept).exact


def test_a_fault_that_was_not_found_is_missed() -> None:
    comparison = compare([PLANTED], report_of(report(key="a")))
    assert not comparison.exact
    assert len(comparison.missed) == 1


def test_another_count_is_missed_and_not_planted() -> None:
    comparison = compare([PLANTED], report_of(report(finding(count=2), key="a")))
    assert (list(comparison.missed.values()), list(comparison.unplanted.values())) == ([3], [2])


def test_a_finding_elsewhere_or_of_the_run_is_not_planted() -> None:
    swept = report_of(
        report(finding(count=3), key="a"),
        report(finding(), key="b"),
        findings=(finding("sample-rate", "", line=0),),
    )
    assert {fault.key for fault in compare([PLANTED], swept).unplanted} == {"b", ""}
