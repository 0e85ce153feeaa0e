"""Whatever the bytes are, there is a Report and no exception."""

import gzip

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from receiver.check.report import Report, Severity, Verdict
from receiver.check.verifier import BatchVerifier
from tests.fuzz.agree import report_of
from tests.fuzz.jobs import ARRIVED, FuzzJob, jobs

JOBS = st.sampled_from(["http_requests unixnano 124", "spectrum_events", "dns_logs rfc3339"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(job=JOBS, data=st.binary(max_size=600), zipped=st.booleans(), magic=st.booleans())
@example(job="spectrum_events", data=b"", zipped=False, magic=False)
@example(job="spectrum_events", data=b"", zipped=False, magic=True)
@example(job="spectrum_events", data=b'{"a\\"b":1}\n' * 50, zipped=True, magic=False)
def test_any_bytes_give_a_report(job: str, data: bytes, zipped: bool, magic: bool) -> None:
    data = (b"\x1f\x8b\x08" if magic else b"") + (gzip.compress(data) if zipped else data)
    report = report_of(_job(job), [data])
    assert report.compressed_bytes == len(data)
    assert_sound(report)


@settings(max_examples=100, deadline=None)
@given(job=JOBS, key=st.text(max_size=12), values=st.lists(JSON, min_size=1, max_size=4))
@example(job="spectrum_events", key='a"b', values=[1])
@example(job="spectrum_events", key="\x00", values=[1])
def test_any_json_in_any_key_gives_a_report(job: str, key: str, values: list[object]) -> None:
    good = _job(job).lines[0]
    lines = []
    for value in values:
        record = msgspec.json.decode(good) | {key: value}
        try:
            lines.append(msgspec.json.encode(record) + b"\n")
        except (UnicodeEncodeError, OverflowError):
            continue
    assert_sound(report_of(_job(job), [gzip.compress(b"".join(lines * 40), 1)]))


@settings(max_examples=100, deadline=None)
@given(key=st.text(max_size=60) | st.from_regex(r"([0-9]{8}/)?[0-9]{8}T[0-9]{6}Z_x\.log\.gz"))
@example(key="\ud800.log.gz")
def test_any_key_gives_a_report(key: str) -> None:
    verifier = BatchVerifier(_job("spectrum_events").plan, key=key, arrived_at=ARRIVED)
    verifier.feed(gzip.compress(_job("spectrum_events").lines[0]))
    assert verifier.close().key == key


def assert_sound(report: Report) -> None:
    """What holds of every Report."""
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    assert (report.verdict is Verdict.FAIL) == bool(errors)
    for finding in report.findings:
        assert finding.count >= max(1, len(finding.examples))
        lines = [each.line for each in finding.examples]
        assert lines == sorted(lines)
    msgspec.json.encode(report)


def _job(name: str) -> FuzzJob:
    return next(job for job in jobs() if job.name.startswith(name))
