"""References against what arrived: whose they are, and what can be answered."""

import msgspec
import pytest

from receiver.check.codes import Code
from receiver.check.report import Severity
from receiver.check.summary import Kind, Seen, Summary, Total
from receiver.cli.jobs import AskedJob
from receiver.cli.reference import judge_samples, parse_references
from receiver.errors import ConfigError
from receiver.job.expect import expectation
from receiver.job.job import Job


def asked(number: int | None = 146, *, sample: float = 0.1, **keys: object) -> AskedJob:
    job = msgspec.structs.replace(
        Job(id=number, logpull_options=f"fields=RayID&sample={sample}"), **keys
    )
    return AskedJob(job=job, expectation=expectation(job))


def arrived(**records: int) -> Summary:
    return Summary(batches=1, records_of={int(job[1:]): count for job, count in records.items()})


def test_a_count_alone_is_the_only_jobs() -> None:
    assert parse_references(["1000"], [asked(None)]) == {0: 1000}


def test_several_jobs_are_told_apart_by_their_ids() -> None:
    jobs = [asked(146), asked(147)]
    assert parse_references(["147=5", "146=7"], jobs) == {1: 5, 0: 7}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["many"], "write a count"),
        (["-5"], "write a count"),
        (["1e6"], "write a count"),
        (["x=5"], "write a count"),
        (["5"], "of which job"),
        (["148=5"], "no job 148"),
        (["146=5", "146=6"], "already"),
        (["146=" + "9" * 5000], "15 digits at most"),
        (["1" * 5000 + "=5"], "no job 1111"),
    ],
)
def test_a_reference_of_no_job_is_refused(texts: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_references(texts, [asked(146), asked(147)])


def test_a_reference_is_of_no_one_where_two_jobs_share_the_id() -> None:
    with pytest.raises(ConfigError, match="2 different jobs have the id 146"):
        parse_references(["146=5"], [asked(146), asked(146, sample=1)])


def test_records_of_another_data_set_are_no_part_of_the_sample() -> None:
    kind = Kind(job=146, code=Code.DATASET_OTHER, severity=Severity.ERROR)
    seen = Seen(key="k", line=1, got_shown="", expected="http_requests", got="dns_logs")
    foreign = {kind: Total(count=5_000, batches=1, first=seen)}
    summary = msgspec.structs.replace(arrived(j146=15_000), groups=foreign)
    answer = judge_samples([asked()], {0: 100_000}, summary, complete=True)
    assert answer.notes == ("sample 0.1 as promised: 0.1 (10,000 of 100,000 records)",)


def test_each_job_is_judged_by_its_own_records() -> None:
    jobs = [asked(146), asked(147)]
    answer = judge_samples(
        jobs, {0: 100_000, 1: 100_000}, arrived(j146=10_000, j147=3_000), complete=True
    )
    assert [finding.code for finding in answer.findings] == ["sample-rate"]
    assert answer.findings[0].expected == "job 147: a share of 0.09 to 0.11"
    assert answer.notes == ("job 146: sample 0.1 as promised: 0.1 (10,000 of 100,000 records)",)


def test_without_a_reference_only_a_sample_below_one_is_worth_a_word() -> None:
    jobs = [asked(146), asked(147, sample=1)]
    answer = judge_samples(jobs, {}, Summary(), complete=True)
    assert len(answer.unchecked) == 1
    assert "job 146: sample 0.1" in answer.unchecked[0]
    assert not answer.unanswered


def test_what_was_not_read_cannot_be_counted() -> None:
    answer = judge_samples([asked()], {0: 100}, arrived(j146=10), complete=False)
    assert "not all batches could be read" in answer.unanswered[0]


def test_a_transformer_makes_the_question_unanswerable() -> None:
    answer = judge_samples(
        [asked(transformer_id=4)], {0: 100_000}, arrived(j146=10_000), complete=True
    )
    assert "transformer" in answer.unanswered[0]


def test_a_filter_says_what_the_reference_must_count() -> None:
    jobs = [asked(filter='{"where":{}}', filter_attack_traffic=True)]
    answer = judge_samples(jobs, {0: 100_000}, arrived(j146=10_000), complete=True)
    assert answer.notes[1] == (
        "the reference must count records that pass the job's filter and no attack traffic,"
        " which the job leaves out"
    )
