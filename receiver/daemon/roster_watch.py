"""A Watch: one job at one place, and what its batches are held against there."""

import hashlib
from datetime import datetime

import msgspec

from receiver.job.expectation import Expectation
from receiver.job.job import Job, label


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A job that is watched. `until` is the end of its grace, once it changed or went away."""

    place: str  # the identity of its Destination
    source: str
    job: Job  # without secrets
    expectation: Expectation
    until: datetime | None = None

    @property
    def label(self) -> str:
        """How messages name the job."""
        return label(self.job)


def fingerprint(expectation: Expectation) -> str:
    """Return what tells Expectations apart that judge differently: a digest.

    A job's name and the notes are for people; renaming a job changes nothing of what it writes.
    """
    judging = msgspec.structs.replace(expectation, job_name="", notes=())
    return hashlib.sha256(msgspec.json.encode(judging, order="deterministic")).hexdigest()


def without_secrets(job: Job) -> Job:
    """Return what everybody may read of a job: not where it writes, nor what the API quotes."""
    return msgspec.structs.replace(
        job,
        destination_conf=None,
        ownership_challenge=None,
        filter="",
        last_error=None,
        error_message=None,
    )
