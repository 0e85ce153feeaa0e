"""Complaints: one line, but for what stands below it on purpose."""

import logging

import pytest

from receiver.cli.streams import Complaints, complain

Captured = pytest.CaptureFixture[str]


def test_a_complaint_is_one_visible_line(capsys: Captured) -> None:
    complain("s3://b:  no\nanswer \x1b[31m")
    assert capsys.readouterr().err == "logpush-receiver: s3://b: no answer \\x1b[31m\n"


def test_a_text_and_its_caret_keep_their_lines(capsys: Captured) -> None:
    complain("write `&`\n  a=1;  b=2\n     ^")
    assert capsys.readouterr().err == "logpush-receiver: write `&`\n  a=1;  b=2\n     ^\n"


def test_what_a_module_logs_is_said_as_any_complaint(capsys: Captured) -> None:
    log = logging.getLogger("receiver.test")
    log.addHandler(Complaints())
    log.warning("%s; asking again", "s3://b: no answer")
    assert capsys.readouterr().err == "logpush-receiver: s3://b: no answer; asking again\n"
