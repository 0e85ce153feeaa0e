"""The operations of the Logpush API, for one Scope and whoever asks: results, or a Refusal.

Knows nothing of HTTP. What is not documented and had to be chosen: one destination is one
wherever its job is, in this zone or another; a challenge and a test are written by today's date.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.destination.parse import parse_destination
from receiver.emulator.api.audit import entry_of
from receiver.emulator.api.fields import all_fields, default_fields
from receiver.emulator.api.options import judge_logpull_options
from receiver.emulator.api.ownership import Ownership
from receiver.emulator.api.refusals import (
    BODY_INVALID,
    DESTINATION_INVALID,
    DESTINATION_TAKEN,
    JOB_MISSING,
    JOBS_EXCEEDED,
    Refusal,
    marked,
    unwritable,
)
from receiver.emulator.api.rules import Actor, Rules
from receiver.emulator.api.schema import (
    dataset_of,
    destination_conf,
    optional_text,
    read_changes,
    read_new,
    required_text,
)
from receiver.emulator.api.tokens import TOKEN_CHARS_MAX
from receiver.emulator.api.writing import DestinationWriter
from receiver.emulator.cloud import AuditEntry, CloudJob, Scope, State
from receiver.emulator.pusher.upload import OpenUploader, UploadFailed
from receiver.errors import DestinationInvalid, OptionsInvalid
from receiver.job.catalogue import dataset
from receiver.job.job import DATASET_DEFAULT

Body = Mapping[str, object]
Result = dict[str, Any]


class Operations:
    """All of them over one State. Between an `await` and what follows, a job may have changed.

    Tokens live by `token_clock`, the real one: whoever reads a token back has no other, and seven
    days of a fast clock are over before a job is made.
    """

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        token_clock: Clock | None = None,
        open_uploader: OpenUploader,
        rules: Rules | None = None,
        random_hex: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self.rules = rules or Rules()
        self._state = state
        self._clock = clock
        self._writer = DestinationWriter(open_uploader=open_uploader, clock=clock)
        self._ownership = Ownership(
            state=state, clock=token_clock or clock, writer=self._writer, random_hex=random_hex
        )

    async def create(self, scope: Scope, actor: Actor, body: Body) -> Result:
        """Create a job: judged, proven, its destination tried, then kept."""
        draft = read_new(body, scope)
        destination = _destination(draft.fields["destination_conf"], for_job=True)
        self._refuse_more(scope)
        self._refuse_taken(destination)
        self._ownership.demand(scope, destination, draft.token)
        await self._try(destination)
        self._refuse_more(scope)  # others may have created theirs meanwhile
        self._refuse_taken(destination)
        audit = entry_of("create", scope, actor, now=self._clock.now(), new=draft.fields)
        return self._state.add(scope, draft.fields, audit).fields

    def job(self, scope: Scope, job_id: int) -> Result:
        """Return a job."""
        return self._job(scope, job_id).fields

    def jobs(self, scope: Scope, dataset: str | None = None) -> list[Result]:
        """Return all jobs, or those of a data set."""
        jobs = [job.fields for job in self._state.jobs(scope)]
        if dataset is None:
            return jobs
        known = dataset_of(dataset, scope)
        return [fields for fields in jobs if fields["dataset"] == known.name]

    async def update(self, scope: Scope, actor: Actor, job_id: int, body: Body) -> Result:
        """Change what the request gives of a job; its destination is tried again every time."""
        before = self._job(scope, job_id).fields
        draft = read_changes(body, before, scope)
        conf = draft.fields.get("destination_conf", before["destination_conf"])
        destination = _destination(conf, for_job=True)
        if conf != before["destination_conf"]:
            self._refuse_taken(destination, but=job_id)
            self._ownership.demand(scope, destination, draft.token)
        await self._try(destination)
        if conf != before["destination_conf"]:
            self._refuse_taken(destination, but=job_id)
        job = self._job(scope, job_id)  # as the pusher has left it, or gone
        fields = job.fields | draft.fields
        if fields["enabled"] and not job.enabled:
            fields["last_complete"] = None  # documented: null of a job that was just enabled
        audit = entry_of(
            "update",
            scope,
            actor,
            now=self._clock.now(),
            job_id=job_id,
            old=job.fields,
            new=fields,
        )
        return self._state.update(msgspec.structs.replace(job, fields=fields), audit).fields

    def delete(self, scope: Scope, actor: Actor, job_id: int) -> Result:
        """Delete a job. Of the three documented answers this is the specification's."""
        job = self._job(scope, job_id)
        audit = entry_of(
            "delete", scope, actor, now=self._clock.now(), job_id=job_id, old=job.fields
        )
        self._state.remove(job_id, audit)
        return {"id": job_id}

    def fields(self, scope: Scope, dataset: str) -> Result:
        """Return all fields of a data set."""
        return all_fields(dataset_of(dataset, scope))

    def default_fields(self, scope: Scope, dataset: str) -> Result:
        """Return the default fields of a data set."""
        return default_fields(dataset_of(dataset, scope))

    def exists(self, body: Body) -> Result:
        """Tell whether a job writes to a destination; a conf without region will do."""
        return {"exists": self._taken(_destination(destination_conf(body), for_job=False))}

    async def challenge(self, scope: Scope, body: Body) -> Result:
        """Write an ownership challenge."""
        return await self._ownership.challenge(scope, destination_conf(body))

    def validate_challenge(self, scope: Scope, body: Body) -> Result:
        """Tell whether a token proves a destination."""
        conf = destination_conf(body)
        token = required_text(body, "ownership_challenge", chars_max=TOKEN_CHARS_MAX)
        try:
            destination = parse_destination(conf)
        except DestinationInvalid:
            return {"valid": False}
        return {"valid": self._ownership.fits(scope, destination, token)}

    def validate_origin(self, scope: Scope, body: Body) -> Result:
        """Judge `logpull_options`; what is wrong with them is said in words of ours."""
        if "logpull_options" not in body:
            raise Refusal(BODY_INVALID, "`logpull_options` is missing")
        text = optional_text(body, "logpull_options")
        name = optional_text(body, "dataset")
        # Cloudflare's specification knows no `dataset` here, under accounts neither.
        known = dataset_of(name, scope, kind=BODY_INVALID) if name else dataset(DATASET_DEFAULT)
        try:
            judge_logpull_options(text, known)
        except OptionsInvalid as error:
            return {"valid": False, "message": marked(str(error))}
        return {"valid": True, "message": ""}

    async def validate_destination(self, body: Body) -> Result:
        """Judge a destination_conf as creating a job does, by writing the test object."""
        try:
            await self._writer.write_test(_for_job(parse_destination(destination_conf(body))))
        except (DestinationInvalid, UploadFailed) as error:
            return {"valid": False, "message": marked(str(error))}
        return {"valid": True, "message": ""}

    def audit(self) -> list[AuditEntry]:
        """Return what was done to jobs, oldest first."""
        return self._state.audit()

    def _job(self, scope: Scope, job_id: int) -> CloudJob:
        job = self._state.job(job_id)
        if job is None or job.scope != scope:
            raise Refusal(JOB_MISSING, f"there is no job {job_id} here")
        return job

    def _refuse_more(self, scope: Scope) -> None:
        if scope.kind == "zones" and len(self._state.jobs(scope)) >= self.rules.jobs_per_zone_max:
            raise Refusal(JOBS_EXCEEDED)

    def _refuse_taken(self, destination: Destination, *, but: int | None = None) -> None:
        if not self.rules.several_per_destination and self._taken(destination, but=but):
            raise Refusal(DESTINATION_TAKEN, "another job writes to this destination already")

    def _taken(self, destination: Destination, *, but: int | None = None) -> bool:
        return any(
            parse_destination(job.fields["destination_conf"]).identity == destination.identity
            for job in self._state.jobs()
            if job.id != but
        )

    async def _try(self, destination: Destination) -> None:
        try:
            await self._writer.write_test(destination)
        except UploadFailed as error:
            raise unwritable(error) from error


def _destination(conf: str, *, for_job: bool) -> Destination:
    try:
        found = parse_destination(conf)
        return _for_job(found) if for_job else found
    except DestinationInvalid as error:
        raise Refusal(DESTINATION_INVALID, str(error)) from None


def _for_job(destination: Destination) -> Destination:
    """Refuse what can be read and is not enough for a job."""
    if destination.scheme is Scheme.S3 and destination.region is None:
        raise DestinationInvalid(f"destination_conf: {destination} needs `region=` in a job")
    if destination.endpoint and not destination.access_key_id:
        raise DestinationInvalid(
            f"destination_conf: {destination} needs access-key-id and secret-access-key,"
            " for an endpoint is proven by its keys"
        )
    return destination
