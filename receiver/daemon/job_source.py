"""Where the daemon's jobs come from: told once by a file, or asked of the API time and again.

An API that does not answer, or with what is no list of jobs, leaves the jobs that were known
before, and costs no other source anything.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from random import Random

import msgspec

from receiver.api.client import open_api
from receiver.clock import Clock
from receiver.daemon.settings_jobs import JobsSettings
from receiver.errors import ApiError, ApiUnavailable, ConfigError
from receiver.job.job import Job
from receiver.limits import SOURCE_DOUBT_SECONDS, SOURCE_RETRY_SECONDS, SOURCE_SECONDS_MAX

_log = logging.getLogger(__name__)


class GivenJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job, and who gave it."""

    job: Job
    source: str
    endpoint_url: str | None = None


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """How one source is doing. `error` is why it did not answer the last time; "" if it did."""

    name: str
    jobs: int
    refreshed: bool  # whether it is asked again and again
    answered_at: datetime | None = None
    failed_at: datetime | None = None
    failures: int = 0  # in a row
    error: str = ""
    missing: tuple[int, ...] = ()  # ids that are meant and that it has not


class JobSource:
    """The jobs of one [[jobs]] table."""

    def __init__(self, settings: JobsSettings, *, clock: Clock, random: Random) -> None:
        self.settings = settings
        self._clock = clock
        self._random = random
        self._jobs = settings.chosen(settings.fixed)
        self._due = self._asked = clock.monotonic()
        self._state = SourceState(
            name=settings.name,
            jobs=len(self._jobs),
            refreshed=settings.scope is not None,
            answered_at=None if settings.scope else clock.now(),
        )

    @property
    def state(self) -> SourceState:
        """How it is doing."""
        return self._state

    @property
    def wait_seconds(self) -> float | None:
        """Until it is to be asked again; None where that would tell nothing new."""
        if self.settings.scope is None:
            return None
        return max(0.0, self._due - self._clock.monotonic())

    @property
    def asked(self) -> float:
        """When it was asked last; of one that is never asked, when it was made."""
        return self._asked

    def doubt(self) -> bool:
        """Have it asked now if what is known is no longer young; return whether it is to be.

        One that does not answer is asked again anyway, and waited for by nobody meanwhile.
        """
        if self.settings.scope is None or self._state.error:
            return False
        now = self._clock.monotonic()
        if now - self._asked >= SOURCE_DOUBT_SECONDS:
            self._due = min(self._due, now)
        return self._due <= now

    async def jobs(self) -> list[Job]:
        """Return the jobs that are known, after asking where that is due."""
        if self.wait_seconds == 0:
            await self._refresh()
        return list(self._jobs)

    async def _refresh(self) -> None:
        usual = self.settings.refresh.total_seconds()
        self._asked = self._clock.monotonic()
        try:
            found = await self._ask()
        except (ApiError, ConfigError) as error:
            state = self._state
            failures = state.failures + 1
            self._state = msgspec.structs.replace(
                state, failed_at=self._clock.now(), failures=failures, error=str(error)
            )
            if str(error) != state.error:  # told once
                known = f"the {len(self._jobs)} jobs known before stay"
                _log.warning("%s: %s; %s", state.name, error, known)
            wait = SOURCE_RETRY_SECONDS * 2.0 ** min(failures - 1, 16)
            wait = min(wait, usual) * (0.5 + self._random.random() / 2)
            self._due = self._clock.monotonic() + wait
            return
        self._due = self._clock.monotonic() + usual
        self._jobs = self.settings.chosen(found)
        state = SourceState(
            name=self._state.name,
            jobs=len(self._jobs),
            refreshed=True,
            answered_at=self._clock.now(),
            failed_at=self._state.failed_at,
            missing=self.settings.missing(found),
        )
        if self._state.error:
            _log.info("%s: it answers again", state.name)
        if state.missing and state.missing != self._state.missing:
            _log.warning("%s: it has no job %s", state.name, ", ".join(map(str, state.missing)))
        self._state = state

    async def _ask(self) -> list[Job]:
        """Ask the API.

        Raises:
            ApiError: it does not answer in time, or refuses, or answers nonsense.
            ConfigError: the environment names a proxy that cannot be used.
        """
        settings = self.settings
        assert settings.scope
        assert settings.base_url
        assert settings.credentials
        try:
            async with (
                asyncio.timeout(SOURCE_SECONDS_MAX),
                open_api(
                    settings.credentials,
                    base_url=settings.base_url,
                    clock=self._clock,
                    random=self._random,
                ) as api,
            ):
                return [each.job for each in await api.list(settings.scope)]
        except TimeoutError:
            raise ApiUnavailable(
                f"{settings.base_url.origin()}: no answer in {SOURCE_SECONDS_MAX:g} s"
            ) from None


class JobSources:
    """All sources of a configuration; made anew by a reload, it takes over what did not change."""

    def __init__(
        self,
        settings: Iterable[JobsSettings],
        *,
        clock: Clock,
        random: Random,
        before: "JobSources | None" = None,
    ) -> None:
        kept = list(before.sources) if before is not None else []
        self.sources: list[JobSource] = []
        for each in settings:
            same = next((one for one in kept if one.settings == each), None)
            if same is not None:
                kept.remove(same)
            self.sources.append(same or JobSource(each, clock=clock, random=random))

    async def jobs(self) -> list[GivenJob]:
        """Return the jobs of all; those that are due are asked at once."""
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(source.jobs()) for source in self.sources]
        return [
            GivenJob(
                job=job, source=source.settings.name, endpoint_url=source.settings.endpoint_url
            )
            for source, task in zip(self.sources, asked, strict=True)
            for job in task.result()
        ]

    def doubt(self, names: Collection[str]) -> bool:
        """Have those of these names asked whose answer is no longer young; whether any is to be."""
        doubted = [source.doubt() for source in self.sources if source.settings.name in names]
        return any(doubted)  # each of them is to be asked

    def asked_since(self, moment: float, names: Collection[str]) -> bool:
        """Tell whether one of these names that answers was asked from a moment of the clock on."""
        return any(
            each.settings.name in names and each.asked >= moment and not each.state.error
            for each in self.sources
        )

    @property
    def unanswered(self) -> frozenset[str]:
        """The sources that have not told any jobs yet: what they have is not known."""
        return frozenset(each.name for each in self.states if each.answered_at is None)

    @property
    def states(self) -> tuple[SourceState, ...]:
        """How each is doing."""
        return tuple(source.state for source in self.sources)

    @property
    def wait_seconds(self) -> float | None:
        """Until the next is to be asked; None where none ever is."""
        waits = [each.wait_seconds for each in self.sources]
        return min((wait for wait in waits if wait is not None), default=None)
