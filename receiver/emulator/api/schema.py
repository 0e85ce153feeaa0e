"""What a request may hold: a job to create, a job's changes, the other operations' few keys.

The limits are documented (Logpush job object, API specification). Keys that no job has pass
unread, and so do those that only Logpush writes (id, last_complete, last_error, error_message):
clients send back what they were given.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from receiver.destination.parse import CONF_CHARS_MAX
from receiver.emulator.api.options import (
    judge_filter,
    judge_logpull_options,
    judge_output_options,
)
from receiver.emulator.api.refusals import (
    BODY_INVALID,
    DATASET_UNKNOWN,
    IMMUTABLE,
    JOB_INVALID,
    Kind,
    Refusal,
    transformer_missing,
)
from receiver.emulator.cloud import Scope
from receiver.errors import ConfigError
from receiver.job.catalogue import Dataset, find_dataset
from receiver.job.job import DATASET_DEFAULT

NAME: Final = re.compile(r"[a-zA-Z0-9\-._]*")
NAME_CHARS_MAX: Final = 512
KINDS: Final = ("", "edge")
FREQUENCIES: Final = ("high", "low")
LIMITS: Final = {  # or 0, which switches the limit off
    "max_upload_bytes": (5_000_000, 1_000_000_000),
    "max_upload_records": (1_000, 1_000_000),
    "max_upload_interval_seconds": (30, 300),
}
ATTACK_DATASETS: Final = frozenset({"http_requests", "firewall_events", "network_analytics_logs"})
_IN_BOTH_SCOPES: Final = frozenset({"firewall_events"})  # of accounts since 2026-06

DEFAULTS: Final[dict[str, Any]] = {
    "enabled": False,
    "name": "",
    "logpull_options": None,
    "output_options": None,
    "filter": "",
    "frequency": "high",
    **dict.fromkeys(LIMITS),
}
_NULLABLE: Final = DEFAULTS.keys() - {"enabled"}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for, judged: the fields that it gives, and its ownership token."""

    fields: dict[str, Any]
    token: str | None


def read_new(body: Mapping[str, object], scope: Scope) -> Draft:
    """Read a job to create: every key that a job has, defaults where the request is silent.

    Raises:
        Refusal: names the key and what it may be.
    """
    known = dataset_of(_text(body, "dataset") or DATASET_DEFAULT, scope, kind=JOB_INVALID)
    kind = _text(body, "kind") or ""
    if kind not in KINDS:
        raise Refusal(JOB_INVALID, f"`kind` is one of {_list(KINDS)}")
    fields = {
        "dataset": known.name,
        "kind": kind,
        **DEFAULTS,
        **_given(body, known),
        "destination_conf": destination_conf(body),
        "last_complete": None,
        "last_error": None,
        "error_message": None,
    }
    return Draft(fields=fields, token=_text(body, "ownership_challenge"))


def read_changes(body: Mapping[str, object], job: Mapping[str, Any], scope: Scope) -> Draft:
    """Read the changes of a job: only the keys that the request gives.

    Raises:
        Refusal: names the key and what it may be; the dataset and the kind stay as they are.
    """
    known = dataset_of(job["dataset"], scope, kind=JOB_INVALID)
    dataset, kind = _text(body, "dataset"), _text(body, "kind")
    if dataset is not None and dataset.lower() != known.name:
        raise Refusal(IMMUTABLE, "`dataset` cannot be changed; create another job")
    if kind is not None and kind != job["kind"]:
        raise Refusal(IMMUTABLE, "`kind` cannot be changed; create another job")
    fields = _given(body, known)
    if "destination_conf" in body:
        fields["destination_conf"] = destination_conf(body)
    return Draft(fields=fields, token=_text(body, "ownership_challenge"))


def dataset_of(name: str, scope: Scope, *, kind: Kind = DATASET_UNKNOWN) -> Dataset:
    """Return a Dataset that jobs of the Scope can have; upper and lower case are the same."""
    known = find_dataset(name)
    of_zone = scope.kind == "zones"
    if known is None:
        raise Refusal(kind, "`dataset` is no data set that is known here")
    if known.name not in _IN_BOTH_SCOPES and (known.scope == "zone") != of_zone:
        raise Refusal(kind, f"the data set {known.name} belongs to {known.scope}s only")
    return known


def destination_conf(body: Mapping[str, object]) -> str:
    """Return the destination_conf that a request must have, unread."""
    return required_text(body, "destination_conf", chars_max=CONF_CHARS_MAX)


def required_text(body: Mapping[str, object], key: str, *, chars_max: int) -> str:
    """Return a text that is neither missing nor empty."""
    text = _text(body, key)
    if not text:
        raise Refusal(BODY_INVALID, f"`{key}` is missing")
    if len(text) > chars_max:
        raise Refusal(BODY_INVALID, f"`{key}` is longer than {chars_max} characters")
    return text


def optional_text(body: Mapping[str, object], key: str) -> str | None:
    """Return a text, or None where there is none."""
    return _text(body, key)


def _given(body: Mapping[str, object], known: Dataset) -> dict[str, Any]:
    """Read the keys that may be set and changed at any time."""
    _refuse_transformer(body)
    fields: dict[str, Any] = {}
    for key, read in _READERS.items():
        if key not in body:
            continue
        value = body[key]
        if value is None and key in _NULLABLE:
            fields[key] = DEFAULTS[key]
        elif value is not None:
            try:
                fields[key] = read(key, value, known)
            except ConfigError as error:
                raise Refusal(JOB_INVALID, str(error)) from None
        elif key == "enabled":
            raise Refusal(JOB_INVALID, "`enabled` is true or false")
    return fields


def _refuse_transformer(body: Mapping[str, object]) -> None:
    number = body.get("transformer_id")
    if number in {None, 0, ""} if isinstance(number, int | str | None) else False:
        return
    if type(number) is not int:
        raise Refusal(JOB_INVALID, "`transformer_id` is an integer")
    raise transformer_missing(number)


def _enabled(key: str, value: object, _: Dataset) -> bool:
    if not isinstance(value, bool):
        raise Refusal(JOB_INVALID, f"`{key}` is true or false")
    return value


def _name(key: str, value: object, _: Dataset) -> str:
    text = _string(key, value)
    if len(text) > NAME_CHARS_MAX or not NAME.fullmatch(text):
        raise Refusal(
            JOB_INVALID, f"`{key}` has letters, digits, `-`, `.` and `_`, {NAME_CHARS_MAX} at most"
        )
    return text


def _logpull_options(key: str, value: object, known: Dataset) -> str:
    text = _string(key, value)
    judge_logpull_options(text, known)
    return text


def _output_options(key: str, value: object, known: Dataset) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Refusal(JOB_INVALID, f"`{key}` is an object")
    judge_output_options(value, known)
    return value


def _filter(key: str, value: object, known: Dataset) -> str:
    text = _string(key, value)
    judge_filter(text, known)
    return text


def _frequency(key: str, value: object, _: Dataset) -> str:
    if value not in FREQUENCIES:
        raise Refusal(JOB_INVALID, f"`{key}` is one of {_list(FREQUENCIES)}")
    return str(value)


def _limit(key: str, value: object, _: Dataset) -> int:
    least, most = LIMITS[key]
    if type(value) is not int or not (value == 0 or least <= value <= most):
        raise Refusal(JOB_INVALID, f"`{key}` is 0 or from {least:,} to {most:,}")
    return value


def _filter_attack_traffic(key: str, value: object, known: Dataset) -> bool:
    if _enabled(key, value, known) and known.name not in ATTACK_DATASETS:
        raise Refusal(JOB_INVALID, f"`{key}` is for {', '.join(sorted(ATTACK_DATASETS))} only")
    return bool(value)


_READERS: Final[dict[str, Callable[[str, object, Dataset], object]]] = {
    "enabled": _enabled,
    "name": _name,
    "logpull_options": _logpull_options,
    "output_options": _output_options,
    "filter": _filter,
    "frequency": _frequency,
    **dict.fromkeys(LIMITS, _limit),
    "filter_attack_traffic": _filter_attack_traffic,
    "subrequest_merging": _enabled,
}


def _text(body: Mapping[str, object], key: str) -> str | None:
    value = body.get(key)
    return None if value is None else _string(key, value, kind=BODY_INVALID)


def _string(key: str, value: object, *, kind: Kind = JOB_INVALID) -> str:
    if not isinstance(value, str):
        raise Refusal(kind, f"`{key}` is a string")
    return value


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(f'"{value}"' for value in values)
