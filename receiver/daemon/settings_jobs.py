"""One [[jobs]] table: the jobs of a file, a job written out, or those of a zone or an account."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
from yarl import URL

from receiver.api.address import find_base_url
from receiver.api.credentials import TOKEN_NAME, Credentials, find_credentials
from receiver.api.scope import Scope, read_scope
from receiver.daemon.settings_table import Table
from receiver.daemon.settings_values import (
    Duration,
    Hidden,
    Text,
    read_elsewhere,
    read_numbers,
    read_text,
    refused,
)
from receiver.errors import ConfigError
from receiver.given import is_elsewhere
from receiver.job.job import DATASET_NAME, Job, parse_jobs
from receiver.limits import JOB_FILE_BYTES_MAX
from receiver.store.web import read_address

_KINDS = ("file", "job", "zone", "account")
_OF_API = ("api_url", "token", "refresh")


def _read_file(value: object, folder: Path) -> tuple[Job, ...]:
    """Read the jobs of a file."""
    path = folder / read_text(value, folder)
    try:
        with path.open("rb") as file:
            plain = file.read(JOB_FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise ConfigError(
            f"{path}: {reason}; name a file of jobs as the API returns them"
        ) from None
    if len(plain) > JOB_FILE_BYTES_MAX:
        raise ConfigError(
            f"{path}: more than {JOB_FILE_BYTES_MAX:,} bytes; that is no file of jobs"
        )
    return _enabled(plain, source=str(path))


def _read_job(value: object, folder: Path) -> Job:
    """Read a job that is written out; its destination_conf may stand elsewhere."""
    if not isinstance(value, dict):
        raise refused(value, 'the job as the API has it: { dataset = "http_requests", ... }')
    fields: dict[str, Any] = dict(value)
    conf = fields.get("destination_conf")
    if isinstance(conf, str) and is_elsewhere(conf):
        fields["destination_conf"] = read_elsewhere(conf, folder).strip()
    (job,) = _enabled(msgspec.json.encode(fields), source="the job")
    return job


def _read_endpoint(value: object, folder: Path) -> str:
    """Read the address of a server; what a driver asks may hold no credentials."""
    text = read_text(value, folder).strip()
    address = read_address(text, said_by="the value")
    if address.user or address.password or address.query_string or address.fragment:
        raise ConfigError("it has more than an address in it; write http://HOST or https://HOST")
    return text


class JobsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where jobs come from: exactly one of `file`, `job`, `zone` and `account`."""

    file: Annotated[tuple[Job, ...], _read_file] = ()
    job: Annotated[Job | None, _read_job] = None
    zone: Text = None
    account: Text = None
    api_url: Text = None  # None: CLOUDFLARE_BASE_URL, or Cloudflare's own
    token: Hidden = None  # None: as Cloudflare's own tools find it in the environment
    refresh: Duration = timedelta(minutes=5)
    dataset: Text = None  # only jobs of this one
    ids: Annotated[tuple[int, ...], read_numbers] = ()  # only these jobs
    endpoint_url: Annotated[str | None, _read_endpoint] = None  # of the stores that they write to
    name: str = ""  # what it is called where everybody may read
    scope: Scope | None = None
    base_url: URL | None = None
    credentials: Credentials | None = None

    @property
    def fixed(self) -> tuple[Job, ...]:
        """The jobs of a file or written out, as they were when the configuration was read."""
        return self.file if self.job is None else (self.job,)

    def chosen(self, jobs: Sequence[Job]) -> tuple[Job, ...]:
        """Return those that are meant."""
        return tuple(
            job
            for job in jobs
            if (self.dataset is None or job.dataset == self.dataset)
            and (not self.ids or job.id in self.ids)
        )

    def missing(self, jobs: Sequence[Job]) -> tuple[int, ...]:
        """Return the ids that are meant and that no job has."""
        return tuple(sorted(set(self.ids) - {job.id for job in jobs}))


def read_source(table: Table, *, name: str) -> JobsSettings | None:
    """Read one; None where it cannot be, and why is noted."""
    found = table.read(JobsSettings)
    if found is None:
        return None
    given = [key for key in _KINDS if key in table.content]
    if len(given) != 1:
        said = f"it has {' and '.join(given)}" if given else "it names no jobs"
        table.mistake("", f"{said}; write one of file, job, zone and account")
        return None
    if found.dataset is not None and not DATASET_NAME.fullmatch(found.dataset):
        table.mistake("dataset", "a data set's name is letters, digits, `_` and `-`")
    if given[0] in {"zone", "account"}:
        return _of_api(table, found)
    for key in _OF_API:
        if key in table.content:
            table.mistake(key, f"it goes with zone or account, not with {given[0]}")
    missing = found.missing(found.fixed)
    if missing:
        table.mistake("ids", f"there is no job {', '.join(map(str, missing))}")
    elif not found.chosen(found.fixed):
        table.mistake("dataset", "none of the jobs is of it")
    shown = f"{table.content['file']}" if given[0] == "file" else name
    return msgspec.structs.replace(found, name=shown) if table.sound else None


def _of_api(table: Table, found: JobsSettings) -> JobsSettings | None:
    values: dict[str, Any] = {}
    try:
        values["scope"] = read_scope(found.zone, found.account, names=("zone", "account"))
    except ConfigError as error:
        table.mistake("", str(error))
    try:
        values["base_url"] = find_base_url(found.api_url, os.environ)
    except ConfigError as error:
        table.mistake("api_url", f"it {str(error).removeprefix('--api-url ')}")
    environ = os.environ if found.token is None else {TOKEN_NAME: found.token.reveal()}
    try:
        values["credentials"] = find_credentials(environ)
    except ConfigError as error:
        remedy = "" if found.token else '; or write token = "env:NAME" or "@FILE"'
        said = str(error) if not found.token else str(error).replace(TOKEN_NAME, "it")
        table.mistake("token", f"{said}{remedy}")
    if not table.sound:
        return None
    at = f" at {values['base_url'].authority}" if found.api_url else ""
    return msgspec.structs.replace(found, **values, name=f"{values['scope']}{at}")


def _enabled(plain: bytes, *, source: str) -> tuple[Job, ...]:
    """Read jobs; one that does not say whether it is enabled is: why else would it be here."""
    jobs = parse_jobs(plain, source=source)
    content = msgspec.json.decode(plain.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(content, dict) and ("success" in content or "result" in content):
        content = content["result"]
    items = content if isinstance(content, list) else [content]
    return tuple(
        job if "enabled" in item else msgspec.structs.replace(job, enabled=True)
        for job, item in zip(jobs, items, strict=True)
    )
