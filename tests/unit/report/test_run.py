"""Verdict and exit code of a Run: what scripts rely on."""

import pytest

from receiver.check.report import Severity, Verdict
from receiver.report.run import Exit, Run, Unread
from tests.unit.report.runs import finding, report, run_of

UNREAD = (Unread(key="a", error="access denied"),)
GOOD = report()
WARNED = report(finding(severity=Severity.WARNING))
BAD = report(finding())


@pytest.mark.parametrize(
    ("run", "verdict", "code"),
    [
        (run_of(GOOD), Verdict.PASS, Exit.PASS),
        (run_of(WARNED), Verdict.PASS, Exit.PASS),
        (run_of(BAD), Verdict.FAIL, Exit.FAIL),
        (run_of(GOOD, findings=(finding("sample-rate", ""),)), Verdict.FAIL, Exit.FAIL),
        (run_of(GOOD, unread=UNREAD), Verdict.INCONCLUSIVE, Exit.UNREAD),
        (run_of(BAD, unread=UNREAD), Verdict.FAIL, Exit.FAIL),
        (run_of(GOOD, unanswered=("the sample",)), Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE),
        (run_of(BAD, unanswered=("the sample",)), Verdict.FAIL, Exit.FAIL),
        (run_of(unread=UNREAD, unanswered=("x",)), Verdict.INCONCLUSIVE, Exit.UNREAD),
        (run_of(GOOD, unchecked=("the sample",), notes=("n",)), Verdict.PASS, Exit.PASS),
        (Run(), Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE),
        (run_of(GOOD, interrupted=True), Verdict.INCONCLUSIVE, Exit.INTERRUPTED),
        (run_of(BAD, interrupted=True), Verdict.FAIL, Exit.INTERRUPTED),
    ],
)
def test_the_worst_decides(run: Run, verdict: Verdict, code: Exit) -> None:
    assert run.verdict is verdict
    assert run.exit_code is code
