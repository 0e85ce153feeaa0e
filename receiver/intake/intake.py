"""An Intake: all places of a daemon, each batch in them judged once, whatever ends meanwhile.

It never lists anything. What is to be judged is what waits in the ledger: put there by a watcher,
left there by a daemon that ended, or taken up for a replay.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

from receiver.clock import Clock
from receiver.errors import LedgerUnavailable
from receiver.intake.insistence import Insistence
from receiver.intake.leases import Leases
from receiver.intake.observer import IntakeObserver, Unobserved
from receiver.intake.parts import Doubt, Hired, Parts, Readers, no_doubt
from receiver.intake.post import Post
from receiver.intake.retries import Retries
from receiver.intake.room import Room
from receiver.intake.steps import At, go_on
from receiver.ledger.ledger import Ledger
from receiver.limits import DRAIN_GIVE_UP_SECONDS, INTAKE_OBJECTS_MAX
from receiver.selection.target import Target
from receiver.workers.reading import Assignment
from receiver.workers.standing import StandingCrew

Hire: TypeAlias = Callable[[Sequence[Assignment], asyncio.TaskGroup], Readers]


class Intake:
    """Claims, reads, verifies and records, until it is drained.

    `owner` names this process in the ledger, no other has the same. `bytes_max` is what reading may
    take of memory, estimated; the workers' own is not in it. `hire` starts who reads; the default
    is a StandingCrew of `processes`. `doubt` is awaited before a failure is recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        owner: str,
        clock: Clock,
        random: Random,
        processes: int,
        bytes_max: int,
        retries: Retries | None = None,
        observer: IntakeObserver | None = None,
        insistence: Insistence | None = None,
        hire: Hire | None = None,
        doubt: Doubt = no_doubt,
        at: At = go_on,
    ) -> None:
        told = Unobserved() if observer is None else observer
        asking = insistence or Insistence(clock=clock, random=random)
        self._parts = Parts(
            ledger=ledger,
            insistence=asking,
            leases=Leases(ledger, insistence=asking, clock=clock, at=at),
            room=Room(
                objects_max=processes * INTAKE_OBJECTS_MAX,
                bytes_max=bytes_max,
                on_change=lambda place, objects, cost_bytes: told.in_flight(
                    place, objects=objects, cost_bytes=cost_bytes
                ),
            ),
            retries=retries or Retries(),
            observer=told,
            clock=clock,
            random=random,
            doubt=doubt,
            at=at,
            owner=owner,
            bytes_max=bytes_max,
        )
        self._hire = hire or (
            lambda assignments, tasks: StandingCrew(assignments, tasks=tasks, processes=processes)
        )
        self._posts: dict[str, Post] = {}
        self._ending_posts: set[Post] = set()
        self._assignments: dict[str, Assignment] = {}
        self._hired: Hired | None = None
        self._all_hired: list[Hired] = []
        self._tasks: asyncio.TaskGroup | None = None
        self._draining = False
        self._drained = asyncio.Event()
        self._changing = asyncio.Lock()

    async def run(self, targets: Sequence[Target]) -> None:
        """Judge what waits in these places, until it is drained.

        Raises:
            LedgerInvalid: a person is needed; nothing was lost.
        """
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            renewing = tasks.create_task(self._parts.leases.run(), name="leases")
            await self.change(targets)
            await self._drained.wait()
            renewing.cancel()
            for post in (*self._posts.values(), *self._ending_posts):
                post.abandon()
            for hired in self._all_hired:
                hired.dismiss()

    async def change(self, targets: Sequence[Target]) -> None:
        """Take other places and Expectations. What is being read ends under the old ones."""
        assert self._tasks is not None
        async with self._changing:
            assignments = {
                target.destination.identity: _assignment(target)
                for target in targets
                if target.judged
            }
            if not self._draining:
                await asyncio.gather(
                    *(self._close(place) for place in list(self._posts) if place not in assignments)
                )  # first: those hired now know nothing of these places
            if assignments != self._assignments or self._hired is None:
                self._rehire(assignments, self._tasks)
            if self._draining:  # maybe since a moment ago: nothing is begun any more
                return
            for place in assignments:
                if place not in self._posts:
                    self._posts[place] = Post(place, self._parts, tasks=self._tasks)
                    self._posts[place].start(self._now_hired)

    def wake(self, place: str) -> None:
        """Something waits in a place: look there now."""
        post = self._posts.get(place)
        if post is not None:
            post.wake()

    def errors(self) -> dict[str, str]:
        """Return why which places cannot be read from now."""
        return {place: post.error for place, post in self._posts.items() if post.error}

    async def drain(self, seconds: float) -> None:
        """End within so many seconds: begin nothing, finish what can be, give the rest back.

        What cannot be given back in time, as with a ledger that is away, expires by itself.
        """
        self._draining = True
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        give_up_at = ends_at - min(DRAIN_GIVE_UP_SECONDS, seconds / 2)
        posts = [*self._posts.values(), *self._ending_posts]
        stopping = [asyncio.ensure_future(post.stop()) for post in self._posts.values()]
        try:
            if stopping:
                await asyncio.wait(stopping, timeout=give_up_at - loop.time())
            errands = {errand for post in posts for errand in post.errands}
            if errands:
                await asyncio.wait(errands, timeout=give_up_at - loop.time())
            for errand in errands:
                errand.cancel()
            async with asyncio.timeout_at(ends_at):
                await asyncio.gather(*errands, return_exceptions=True)
                for claim in self._parts.leases.held:
                    await self._parts.ledger.put_back(claim, next_try_at=None)
        except (TimeoutError, LedgerUnavailable):
            pass
        finally:
            for stop in stopping:
                stop.cancel()
            self._drained.set()

    def _rehire(self, assignments: dict[str, Assignment], tasks: asyncio.TaskGroup) -> None:
        before = self._hired
        readers = self._hire(list(assignments.values()), tasks)
        self._hired = Hired(readers, assignments)
        self._assignments = assignments
        self._all_hired = [each for each in self._all_hired if not each.gone] + [self._hired]
        if before is not None:
            before.leave()

    def _now_hired(self) -> Hired:
        assert self._hired is not None
        return self._hired

    async def _close(self, place: str) -> None:
        post = self._posts.pop(place)
        self._ending_posts = {each for each in self._ending_posts if each.errands}
        self._ending_posts.add(post)
        await post.stop()


def _assignment(target: Target) -> Assignment:
    return Assignment(
        destination=target.destination,
        expectations=target.expectations,
        copy=target.copy,
        endpoint_url=target.endpoint_url,
        digests=True,
    )
