"""How one job's pushing goes, as the API tells of it: last_complete, last_error, error_message.

Documented: a job is disabled after 24 hours of failing; both error fields are null after a success.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from receiver.clock import Clock
from receiver.emulator.cloud import CloudJob, State

FAILING_MAX: Final = timedelta(hours=24)
"""A job that fails for so long is disabled: Logpush's own."""

_log = logging.getLogger(__name__)


class Health:
    """Notes every success and failure of one job. Times are the local Logpush's own."""

    def __init__(self, job: CloudJob, *, state: State, clock: Clock) -> None:
        self._job_id = job.id
        self._state = state
        self._clock = clock
        self._failing_since: datetime | None = None
        if job.fields.get("last_error"):  # since when it failed before a restart, as far as is kept
            since = job.fields.get("last_complete") or job.fields["last_error"]
            self._failing_since = datetime.fromisoformat(since)

    @property
    def failing(self) -> bool:
        """Whether the last upload failed."""
        return self._failing_since is not None

    def failed(self, message: str) -> None:
        """Note a failure; the first since a success is told, and so is the end of all patience."""
        now = self._clock.now()
        if self._failing_since is None:
            self._failing_since = now
            _log.warning("job %d: %s; trying again", self._job_id, message)
        noted: dict[str, Any] = {"last_error": written(now), "error_message": message}
        if now - self._failing_since >= FAILING_MAX:
            _log.error("job %d: disabled after 24 hours of failing: %s", self._job_id, message)
            noted["enabled"] = False
        self._state.progress(self._job_id, **noted)

    def delivered(self) -> None:
        """Note an upload that succeeded."""
        if self._failing_since is not None:
            _log.warning("job %d: its destination takes batches again", self._job_id)
            self._failing_since = None
            self._state.progress(self._job_id, last_error=None, error_message=None)

    def dropped(self, window_end: datetime) -> None:
        """Tell that a batch is lost; why has been told, and stands in the job."""
        _log.error("job %d: the batch until %s is lost", self._job_id, written(window_end))

    def pushed(self, until: datetime, *, whole: bool) -> None:
        """Note that all up to a moment has been pushed, or given up if not whole."""
        noted: dict[str, Any] = {"last_complete": written(until)} if whole else {}
        self._state.progress(self._job_id, pushed_until=until, **noted)


def written(moment: datetime) -> str:
    """Write a moment as the API does, to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
