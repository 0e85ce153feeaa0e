import contextlib
import json

from hypothesis import assume, example, given
from hypothesis import strategies as st

from receiver.delivery.sample import SampleReason, judge_sample
from receiver.errors import JobInvalid, OptionsInvalid
from receiver.job.catalogue import dataset
from receiver.job.expect import expectation
from receiver.job.expectation import TimestampFormat
from receiver.job.job import Job, parse_jobs
from receiver.job.options import parse_logpull_options, parse_output_options

WORDS = ["fields", "sample", "timestamps", "CVE-2021-44228", "=", "&", ",", "?", ";", "%", "RayID"]
QUERIES = st.lists(st.sampled_from([*WORDS, "0.1", "1", "unix", "true", " ", "://", "%2C"])).map(
    "".join
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OUTPUT_KEYS = ["field_names", "sample_rate", "timestamp_format", "CVE-2021-44228", "output_type"]
JOB_KEYS = ["id", "dataset", "destination_conf", "logpull_options", "output_options", "name"]
ENVELOPE_KEYS = ["success", "errors", "result"]


@given(text=st.text() | QUERIES)
@example(text="\ud800=1")
@example(text="sample=\u0661")
def test_any_text_is_options_or_our_error(text: str) -> None:
    with contextlib.suppress(OptionsInvalid):
        options = parse_logpull_options(text)
        assert 0 < options.sample.value <= 1
        assert options.fields.value is None or options.fields.value
        assert not options.shape.unplain


@given(
    fields=st.lists(st.sampled_from(sorted(dataset("http_requests").fields)), unique=True),
    sample=st.floats(min_value=0, max_value=1, exclude_min=True),
    timestamps=st.sampled_from(TimestampFormat),
    cve=st.booleans(),
)
def test_both_forms_of_the_options_read_the_same(
    fields: list[str], sample: float, timestamps: TimestampFormat, cve: bool
) -> None:
    old = parse_logpull_options(
        f"fields={','.join(fields)}&sample={sample!r}&timestamps={timestamps}"
        f"&CVE-2021-44228={str(cve).lower()}"
    )
    new = parse_output_options(
        {
            "field_names": fields,
            "sample_rate": sample,
            "timestamp_format": timestamps.value,
            "CVE-2021-44228": cve,
        }
    )
    assert old.fields == new.fields
    assert old.sample == new.sample
    assert old.timestamps == new.timestamps
    assert old.cve_2021_44228 == new.cve_2021_44228


@given(source=st.dictionaries(st.sampled_from(OUTPUT_KEYS) | st.text(), JSON, max_size=5))
def test_any_object_is_options_or_our_error(source: dict[str, object]) -> None:
    with contextlib.suppress(OptionsInvalid):
        parse_output_options(source)


@given(data=st.binary() | st.text() | JSON.map(json.dumps))
def test_any_bytes_are_jobs_or_our_error(data: bytes | str) -> None:
    with contextlib.suppress(JobInvalid):
        assert parse_jobs(data, source="x")


@given(source=st.dictionaries(st.sampled_from(JOB_KEYS + ENVELOPE_KEYS), JSON, max_size=6))
def test_any_object_is_jobs_with_expectations_or_our_error(source: dict[str, object]) -> None:
    text = json.dumps(source)
    with contextlib.suppress(JobInvalid):
        for job in parse_jobs(text, source="x"):
            assert isinstance(job, Job)
            with contextlib.suppress(OptionsInvalid):
                assert expectation(job).types is not None


@given(
    key=st.sampled_from(["id", "dataset", "name", "enabled", "logpull_options", "filter"]),
    value=JSON,
    secret=st.text(alphabet="qxzjv", min_size=12),
)
def test_no_error_and_no_job_shows_its_destination_conf(
    key: str, value: object, secret: str
) -> None:
    assume(secret not in json.dumps(value))
    text = json.dumps({"destination_conf": f"sumo://x/{secret}", key: value})
    try:
        shown = repr(parse_jobs(text, source="x"))
    except JobInvalid as error:
        shown = str(error)
    assert secret not in shown


@given(
    configured=st.floats(min_value=1e-6, max_value=1),
    reference=st.integers(min_value=0, max_value=10**14),
    delivered=st.integers(min_value=0, max_value=10**14),
    alpha=st.floats(min_value=1e-12, max_value=0.5),
)
def test_any_counts_get_a_verdict(
    configured: float, reference: int, delivered: int, alpha: float
) -> None:
    judged = judge_sample(
        configured=configured, reference=reference, delivered=delivered, alpha=alpha
    )
    if judged.interval is None:
        assert judged.reason in {SampleReason.REFERENCE_EMPTY, SampleReason.REFERENCE_INCOMPLETE}
    else:
        low, high = judged.interval
        assert 0 <= low <= delivered / reference <= high <= 1
