"""Jobs, changes and fields as the `job` commands print them. Nothing here shows a secret."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from receiver.api.answer import ApiJob
from receiver.destination.parse import parse_destination
from receiver.errors import DestinationInvalid, OptionsInvalid
from receiver.job.change import Change
from receiver.job.job import Job, options_of, redacted
from receiver.report.phrase import counted, padded, visible, wrap
from receiver.report.text import COLUMNS
from receiver.secret import REDACTED, Secret

_NAME_COLUMNS: Final = 16
_FIELD_COLUMNS_MAX: Final = 32
_QUOTED: Final = ("last_error", "error_message")  # a driver's error repeats the address


def redacted_fields(job: ApiJob) -> dict[str, Any]:
    """Return a job as the API has it, but for its secrets: fit for a log."""
    fields = job.fields
    if job.job.destination_conf:
        query = "?" in job.job.destination_conf.reveal()
        fields["destination_conf"] = place(job.job.destination_conf) + (
            f"?{REDACTED}" if query else ""
        )
    if fields.get("ownership_challenge"):
        fields["ownership_challenge"] = REDACTED
    for key in _QUOTED:
        if isinstance(fields.get(key), str):
            fields[key] = redacted(fields[key])
    return fields


def place(conf: Secret | None) -> str:
    """Return a destination_conf as it may be shown."""
    if conf is None:
        return "(no destination)"
    try:
        return str(parse_destination(conf.reveal()))
    except DestinationInvalid:
        return REDACTED


def list_lines(jobs: Sequence[ApiJob]) -> Iterator[str]:
    """Yield two lines for each job, and what went wrong with it."""
    ids = max((len(str(each.job.id)) for each in jobs), default=0) + 2
    datasets = max((len(each.job.dataset) for each in jobs), default=0) + 2
    for each in jobs:
        job = each.job
        head = f"{job.id!s:<{ids}}{job.dataset:<{datasets}}"
        said = f"{'enabled ' if job.enabled else 'disabled'}  {job.name}".rstrip()
        yield from _wrapped(head, said, hang=" " * ids)
        yield from _wrapped(" " * ids, place(job.destination_conf))
        if job.error_message:
            yield from _wrapped(" " * ids, f"error: {job.error_message}")


def job_lines(job: Job) -> Iterator[str]:
    """Yield all that a person wants to know of one job."""
    named = f" {job.name}" if job.name else ""
    state = "enabled" if job.enabled else "disabled"
    number = "" if job.id is None else f" {job.id}"
    yield from _wrapped("", f"job{number} {job.dataset}{named}, {state}", hang="  ")
    told = {
        "destination": place(job.destination_conf),
        **_options(job),
        "filter": job.filter,
        "kind": job.kind,
        "transformer": "" if job.transformer_id is None else str(job.transformer_id),
        "attack traffic": "left out" if job.filter_attack_traffic else "",
        "upload": _upload(job),
        "last complete": job.last_complete or "",
        "last error": redacted(job.last_error or ""),
        "error": job.error_message or "",
    }
    for name, text in told.items():
        if text:
            yield from _wrapped(name.ljust(_NAME_COLUMNS), text)
    for note in job.notes:
        yield from _wrapped("", f"note: {note}", hang="  ")


def change_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a line for each change: what was, and what is."""
    width = min(max((len(each.field) for each in changes), default=0) + 2, _FIELD_COLUMNS_MAX)
    for each in changes:
        yield from _wrapped(padded(visible(each.field), width), _change(each))
    if not changes:
        yield "no difference"


def field_lines(fields: Mapping[str, str]) -> Iterator[str]:
    """Yield the fields, each with its type and what it is."""
    width = min(max(map(len, fields), default=0) + 2, _FIELD_COLUMNS_MAX)
    for name, said in fields.items():
        yield from _wrapped(padded(visible(name), width), said, hang=" " * width)


def _change(change: Change) -> str:
    before, after = change.before, change.after
    if REDACTED in {str(before), str(after)}:
        if before is None or after is None:
            return "new, not shown" if before is None else "gone"
        return "another one, not shown"
    if isinstance(before, list) and isinstance(after, list):
        return _list_change(before, after)
    return f"{_value(before)} -> {_value(after)}"


def _list_change(before: Iterable[Any], after: Iterable[Any]) -> str:
    gone = [each for each in before if each not in after]
    new = [each for each in after if each not in before]
    if not gone and not new:
        return "in another order"
    return "  ".join([*(f"-{each}" for each in gone), *(f"+{each}" for each in new)])


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, str):
        return value if value.isprintable() and value else repr(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return msgspec.json.encode(value).decode()


def _options(job: Job) -> dict[str, str]:
    try:
        options = options_of(job)
    except OptionsInvalid as error:
        return {"options": f"not understood: {str(error).splitlines()[0]}"}
    names = options.fields.value
    fields = "the data set's default fields"
    if names is not None:
        fields = f"{counted(len(names), 'field')}: {', '.join(names)}"
    return {
        "fields": fields,
        "timestamps": options.timestamps.value.value,
        "sample": "" if options.sample.value == 1 else f"{options.sample.value:g}",
        "CVE-2021-44228": "`${` is replaced" if options.cve_2021_44228.value else "",
        "shape": ", ".join(options.shape.unplain),
    }


def _upload(job: Job) -> str:
    told = {
        "byte": job.max_upload_bytes,
        "record": job.max_upload_records,
        "second": job.max_upload_interval_seconds,
    }
    said = [counted(number, noun) for noun, number in told.items() if number]
    return f"after {' or '.join(said)}" if said else ""


def _wrapped(head: str, text: str, *, hang: str | None = None) -> Iterator[str]:
    hang = " " * len(head) if hang is None else hang
    yield from wrap(visible(text), columns=COLUMNS, indent=head, hang=hang)
