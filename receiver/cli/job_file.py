"""What a job shall be, from a file or from `--set`: the JSON object that the API takes."""

import difflib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from receiver.cli.arguments import STDIN, read_argument, text_of
from receiver.errors import ConfigError, JobInvalid
from receiver.job.job import Job, parse_jobs
from receiver.secret import REDACTED

READ_ONLY: Final = frozenset({"id", "last_complete", "last_error", "error_message"})

_TEXTS: Final = frozenset(
    [
        "name",
        "kind",
        "dataset",
        "destination_conf",
        "logpull_options",
        "filter",
        "frequency",
        "ownership_challenge",
    ]
)
_VALUES: Final = frozenset(
    [
        "enabled",
        "output_options",
        "max_upload_bytes",
        "max_upload_records",
        "max_upload_interval_seconds",
        "filter_attack_traffic",
        "subrequest_merging",
        "transformer_id",
    ]
)
_REMEDY: Final = "name a file that holds one job, or - for standard input"


def read_job_file(file: str, *, job_id: int | None = None) -> tuple[Job, dict[str, Any]]:
    """Read one job of a file, and the same as the API takes it; of several, the one with the id.

    Raises:
        JobInvalid: it cannot be read, or is not one job, or had its secrets taken out.
    """
    plain = read_argument(file, option="--file ", remedy=_REMEDY)
    source = f"--file {'standard input' if file == STDIN else file}"
    jobs = parse_jobs(plain, source=source)
    found = list(zip(jobs, _items(plain), strict=True))
    if len(found) > 1:
        found = [each for each in found if job_id is not None and each[0].id == job_id]
    if len(found) != 1:
        wanted = "one job" if job_id is None else f"a job {job_id}"
        raise JobInvalid(f"{source}: it holds {len(jobs)} jobs, and not {wanted}; {_REMEDY}")
    job, fields = found[0]
    return job, _sendable(fields, source)


def read_changes(settings: Iterable[str]) -> dict[str, Any]:
    """Read `--set KEY=VALUE`: a text is taken as it is, or as text_of reads it, the rest as JSON.

    Raises:
        ConfigError: names the key.
    """
    changes: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if key not in _TEXTS | _VALUES or not equals:
            raise ConfigError(_unknown(key, equals))
        if key in changes:
            raise ConfigError(f"--set {key}: it is given twice")
        changes[key] = _value(key, text)
    return _sendable(changes, "--set")


def _value(key: str, text: str) -> Any:
    if text == "null":
        return None
    if key in _TEXTS:
        return text_of(text, option=f"--set {key}=")
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        raise ConfigError(
            f"--set {key}: not JSON; write true, false, a number, null or an object"
        ) from None


def _sendable(fields: dict[str, Any], source: str) -> dict[str, Any]:
    if REDACTED in str(fields.get("destination_conf")):
        raise JobInvalid(
            f"{source}: its destination_conf is redacted; `job show --format json --secrets`"
            " gives the job with it"
        )
    return {key: value for key, value in fields.items() if key not in READ_ONLY}


def _items(plain: bytes) -> list[dict[str, Any]]:
    """Return the jobs of a text that parse_jobs has found sound, as they stand there."""
    content = msgspec.json.decode(plain.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(content, dict) and ("success" in content or "result" in content):
        content = content["result"]
    return content if isinstance(content, list) else [content]


def _unknown(key: str, equals: str) -> str:
    known = sorted(_TEXTS | _VALUES)
    if key in READ_ONLY:
        return f"--set {key}: Logpush alone sets it"
    if key in known and not equals:
        return f"--set {key}: write {key}=VALUE"
    near = difflib.get_close_matches(key, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"a job has {', '.join(known)}"
    return f"--set: {key[:40]!r} is no key of a job that can be set; {remedy}"
