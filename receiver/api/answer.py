"""What the API's operations answer with: a job as it stands there, or what it finds valid."""

from typing import Any, TypeVar

import msgspec

from receiver.errors import ApiError, JobInvalid
from receiver.job.job import Job, parse_jobs
from receiver.secret import Secret

T = TypeVar("T")


class ApiJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the API has it, read and to the letter; the letters hold its secrets."""

    job: Job
    text: Secret  # JSON

    @property
    def fields(self) -> dict[str, Any]:
        """Return the JSON object itself, secrets and all: not for showing."""
        found: dict[str, Any] = msgspec.json.decode(self.text.reveal())
        return found


class Validity(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the API finds valid what it was asked to judge, and why not."""

    valid: bool
    message: str | None = ""


class Challenged(Validity, frozen=True, kw_only=True):
    """What becomes of a request for a challenge; a refusal too comes with HTTP 200."""

    filename: str | None = ""


class Existence(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a job writes to a destination."""

    exists: bool


def read_job(result: msgspec.Raw, *, name: str, job_id: int | None = None) -> ApiJob:
    """Read an answer that is one job; a document shows it as a list too, so a list is read.

    Raises:
        ApiError: it is no job, or not the one that was asked for.
    """
    found = [
        each
        for each in read_jobs(result, name=name)
        if job_id is None or each.job.id in {None, job_id}
    ]
    if len(found) != 1:
        what = "one job" if job_id is None else f"job {job_id}"
        raise ApiError(f"{name}: the answer is not {what}")
    return found[0]


def read_jobs(result: msgspec.Raw, *, name: str) -> tuple[ApiJob, ...]:
    """Read an answer that lists jobs; null lists none.

    Raises:
        ApiError: an item is no job.
    """
    content = _decode(result, Any, name)
    items = content if isinstance(content, list) else [] if content is None else [content]
    return tuple(_job(item, name) for item in items)


def read_result(result: msgspec.Raw, kind: type[T], *, name: str) -> T:
    """Read an answer of another kind.

    Raises:
        ApiError: it is of none that is known.
    """
    return _decode(result, kind, name)


def read_fields(result: msgspec.Raw, *, name: str) -> dict[str, str]:
    """Read an answer that names fields, each with its type and description; null names none.

    Raises:
        ApiError: it names none in the documented way.
    """
    return {} if bytes(result) == b"null" else _decode(result, dict[str, str], name)


def _job(item: object, name: str) -> ApiJob:
    try:
        text = msgspec.json.encode(item)
        (job,) = parse_jobs(text, source=name)
    except (JobInvalid, ValueError, RecursionError) as error:
        raise ApiError(f"{error} (in an answer of the API)") from None
    return ApiJob(job=job, text=Secret(text.decode()))


def _decode(result: msgspec.Raw, kind: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(result, type=kind)
    except (ValueError, RecursionError):  # what it says may quote a secret
        raise ApiError(f"{name}: the answer has another form than is documented") from None
