"""Verdict and exit code of a SweepReport: what scripts rely on."""

import pytest

from receiver.check.report import Severity, Verdict
from receiver.report.sweep_report import Exit, SweepReport, Unread
from tests.unit.report.sweep_reports import finding, report, report_of

UNREAD = (Unread(key="a", error="access denied"),)
GOOD = report()
WARNED = report(finding(severity=Severity.WARNING))
BAD = report(finding())


@pytest.mark.parametrize(
    ("swept", "verdict", "code"),
    [
        (report_of(GOOD), Verdict.PASS, Exit.PASS),
        (report_of(WARNED), Verdict.PASS, Exit.PASS),
        (report_of(BAD), Verdict.FAIL, Exit.FAIL),
        (report_of(GOOD, findings=(finding("sample-rate", ""),)), Verdict.FAIL, Exit.FAIL),
        (report_of(GOOD, unread=UNREAD), Verdict.INCONCLUSIVE, Exit.UNREAD),
        (report_of(BAD, unread=UNREAD), Verdict.FAIL, Exit.FAIL),
        (report_of(GOOD, unanswered=("the sample",)), Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE),
        (report_of(BAD, unanswered=("the sample",)), Verdict.FAIL, Exit.FAIL),
        (report_of(unread=UNREAD, unanswered=("x",)), Verdict.INCONCLUSIVE, Exit.UNREAD),
        (report_of(GOOD, unchecked=("the sample",), notes=("n",)), Verdict.PASS, Exit.PASS),
        (SweepReport(), Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE),
        (report_of(GOOD, interrupted=True), Verdict.INCONCLUSIVE, Exit.INTERRUPTED),
        (report_of(BAD, interrupted=True), Verdict.FAIL, Exit.INTERRUPTED),
    ],
)
def test_the_worst_decides(swept: SweepReport, verdict: Verdict, code: Exit) -> None:
    assert swept.verdict is verdict
    assert swept.exit_code is code
