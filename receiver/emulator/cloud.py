"""What the local Logpush knows: jobs by zone or account, and how their pushing goes.

Shared by its two halves: the API writes jobs, the pusher reads them and tells of its progress.
"""

from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A zone or an account, as it stands in a path: /zones/<id> or /accounts/<id>."""

    kind: Literal["zones", "accounts"]
    id: str  # hexadecimal


class CloudJob(msgspec.Struct, frozen=True, kw_only=True):
    """One job. `fields` is what the API returns of it: every key, secrets too."""

    id: int
    scope: Scope
    fields: dict[str, Any]
    pushed_until: datetime | None = None  # end of the last window that was pushed or given up
    changed: int = 0  # counts creations and updates, so that the pusher sees a new version

    @property
    def enabled(self) -> bool:
        """Whether it pushes."""
        return bool(self.fields["enabled"])


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One action on a job, secrets redacted."""

    id: str  # a UUID
    when: datetime
    scope: Scope
    action: Literal["create", "update", "delete"]
    actor_email: str
    actor_id: str
    actor_ip: str = ""
    interface: str  # "API"
    job_id: int
    old_value: str  # JSON; "" where there was none
    new_value: str
    successful: bool = True


class State(Protocol):
    """Where the local Logpush keeps what it knows. Each call is one transaction.

    Implemented by a SQLite file and by one in memory (--ephemeral).
    """

    def jobs(self, scope: Scope | None = None) -> list[CloudJob]:
        """Return the jobs of a scope, or all, by id."""
        ...

    def job(self, job_id: int) -> CloudJob | None: ...

    def add(self, scope: Scope, fields: dict[str, Any], audit: AuditEntry) -> CloudJob:
        """Keep a new job under the next id, which is put into its fields and the audit entry."""
        ...

    def update(self, job: CloudJob, audit: AuditEntry) -> CloudJob:
        """Keep a job's new fields; `changed` goes up by one."""
        ...

    def remove(self, job_id: int, audit: AuditEntry) -> None: ...

    def progress(
        self, job_id: int, *, pushed_until: datetime | None = None, **fields: Any
    ) -> CloudJob | None:
        """Note how pushing went (last_complete, last_error, error_message, enabled): no audit."""
        ...

    def audit(self) -> list[AuditEntry]:
        """Return all entries, oldest first."""
        ...

    def secret(self) -> bytes:
        """Return the key that signs ownership tokens, made at the first call and kept."""
        ...
