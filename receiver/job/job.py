"""A Job as Cloudflare's API returns it. What its options mean is read by `options_of`."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from receiver.errors import JobInvalid, OptionsInvalid
from receiver.job.keys import take
from receiver.job.options import Options, parse_logpull_options, parse_output_options
from receiver.job.values import quoted
from receiver.secret import REDACTED, Secret

DATASET_DEFAULT: Final = "http_requests"

TEXT_CHARS_MAX: Final = 500
"""An error of the API is quoted up to this: it is a sentence."""

DATASET_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"(?<=://)[^\s\"'<>]+")  # a driver's error repeats the address, keys and all
_MARKS = {"id", "dataset", "destination_conf", "logpull_options", "output_options"}
_TEXTS = ("name", "filter", "frequency", "last_complete", "last_error", "error_message")
_COUNTS = ("max_upload_bytes", "max_upload_records", "max_upload_interval_seconds")
_FLAGS = ("enabled", "filter_attack_traffic", "subrequest_merging")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job, its options unread. Printing it shows no secret: destination_conf is one."""

    id: int | None = None
    dataset: str = DATASET_DEFAULT
    name: str = ""
    kind: str = ""  # "" or "edge"; once also "instant-logs"
    enabled: bool = False
    destination_conf: Secret | None = None
    ownership_challenge: Secret | None = None  # in a request for a job only: the token
    logpull_options: str | None = None
    output_options: dict[str, object] | None = None  # wins over logpull_options
    filter: str = ""  # JSON
    filter_attack_traffic: bool = False
    transformer_id: int | str | None = None  # a transformer reshapes and drops records
    subrequest_merging: bool = False
    frequency: str = ""
    max_upload_bytes: int | None = None
    max_upload_records: int | None = None
    max_upload_interval_seconds: int | None = None
    last_complete: str | None = None
    last_error: str | None = None
    error_message: str | None = None
    notes: tuple[str, ...] = ()  # what is unusual and was read all the same


def parse_jobs(data: bytes | str, *, source: str) -> tuple[Job, ...]:
    """Read the jobs of a JSON text: the API's answer, its `result` alone, one job, or a list.

    `source` is how an error names the text. Keys that no job has pass.

    Raises:
        JobInvalid: names the source, the job and the key; or quotes the API's own errors.
    """
    try:
        return _jobs(data)
    except JobInvalid as error:
        raise JobInvalid(f"{source}: {error}") from None


def options_of(job: Job) -> Options:
    """Read the options that hold for a job: `output_options` where it has them.

    Raises:
        OptionsInvalid: names the job and the option.
    """
    try:
        if job.output_options is not None:
            return parse_output_options(job.output_options)
        return parse_logpull_options(job.logpull_options)
    except OptionsInvalid as error:
        raise OptionsInvalid(f"{label(job)}: {error}") from None


def label(job: Job) -> str:
    """Return how a message names a job: "job 146", or its name, or "the job"."""
    if job.id is not None:
        return f"job {job.id}"
    return f"job {job.name!r}" if job.name else "the job"


def redacted(text: str) -> str:
    """Return a text of the API's as it may be shown: cut, and without addresses."""
    return _ADDRESS.sub(REDACTED, text[:TEXT_CHARS_MAX])


def _jobs(data: bytes | str) -> tuple[Job, ...]:
    text = data.encode(errors="surrogatepass") if isinstance(data, str) else data
    try:
        content = msgspec.json.decode(text.removeprefix(b"\xef\xbb\xbf"))  # a byte order mark
    except (ValueError, RecursionError) as error:
        raise JobInvalid(f"not JSON that can be read: {error}") from None
    if isinstance(content, dict) and ("success" in content or "result" in content):
        content = _result(content)
    items = content if isinstance(content, list) else [content]
    if not items:
        raise JobInvalid("there is no job in it")
    return tuple(_job(item) for item in items)


def _result(envelope: dict[str, object]) -> object:
    errors = envelope.get("errors")
    if envelope.get("success") is False or (envelope.get("result") is None and errors):
        told = [_error_text(each) for each in errors] if isinstance(errors, list) else []
        raise JobInvalid(f"the API refused: {'; '.join(told) or 'it does not say why'}")
    if envelope.get("result") is None:
        raise JobInvalid("the API's answer has no result: ask it for a job, or for all jobs")
    return envelope["result"]


def _error_text(error: object) -> str:
    if not isinstance(error, dict):
        return redacted(str(error))
    return redacted(" ".join(str(error[key]) for key in ("code", "message") if key in error))


def _job(source: object) -> Job:
    if not isinstance(source, dict) or not _MARKS & source.keys():
        raise JobInvalid("a job is a JSON object with keys such as dataset and destination_conf")
    number = source.get("id")
    name = f"job {number}" if type(number) is int else "the job"
    try:
        return _read(source)
    except JobInvalid as error:
        raise JobInvalid(f"{name}: {error}") from None


def _read(source: Mapping[str, object]) -> Job:
    found: dict[str, object] = {}
    found.update({key: take(source, key, str, error=JobInvalid) for key in _TEXTS})
    found.update({key: take(source, key, int, error=JobInvalid) for key in _COUNTS})
    found.update({key: take(source, key, bool, error=JobInvalid) for key in _FLAGS})
    found = {key: value for key, value in found.items() if value is not None}
    if isinstance(found.get("error_message"), str):
        found["error_message"] = redacted(str(found["error_message"]))
    found["id"] = number = take(source, "id", int, error=JobInvalid)
    if number is not None and number < 1:
        raise JobInvalid("`id` is not above 0")
    for key in ("destination_conf", "ownership_challenge"):
        text = take(source, key, str, error=JobInvalid)
        found[key] = None if text is None else Secret(text)
    found["logpull_options"] = take(source, "logpull_options", str, error=JobInvalid)
    output = source.get("output_options")
    if output is not None and not isinstance(output, dict):
        raise JobInvalid("`output_options` is not an object")
    found["output_options"] = output
    transformer = source.get("transformer_id") or None  # 0 and "" are none
    if transformer is not None and type(transformer) not in {int, str}:
        raise JobInvalid("`transformer_id` is not an integer")
    found["transformer_id"] = transformer
    found["dataset"] = take(source, "dataset", str, error=JobInvalid) or DATASET_DEFAULT
    if not DATASET_NAME.fullmatch(str(found["dataset"])):
        raise JobInvalid("`dataset` is not a data set's name: letters, digits, `_` and `-`")
    found["kind"] = take(source, "kind", str, error=JobInvalid) or ""
    return msgspec.structs.replace(Job(), **found, notes=_notes(source, str(found["kind"])))


def _notes(source: Mapping[str, object], kind: str) -> tuple[str, ...]:
    notes = []
    if not source.get("dataset"):
        notes.append(f"the job names no data set: taken as {DATASET_DEFAULT}, the default")
    if source.get("output_options") is not None and source.get("logpull_options"):
        notes.append("the job has output_options, so Logpush ignores its logpull_options")
    if kind:
        notes.append(f"the job is of kind {quoted(kind)}: judged as any other job is")
    return tuple(notes)
