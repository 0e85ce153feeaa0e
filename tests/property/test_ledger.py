"""A ledger against a model of it: whatever is called in whatever order, both say the same."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from receiver.check.report import Verdict
from receiver.ledger.chain import check_chain
from receiver.ledger.ledger import Claim, Ledger, State
from receiver.ledger.open import open_ledger
from tests.conformance.ledger_suite import (
    ERROR,
    PLACE,
    WARNING,
    at,
    claim_all,
    judgement,
    listed,
    obj,
    sealed,
)

KEYS = st.sampled_from(["a", "b", "c"])
ETAGS = st.sampled_from(["1", "2"])
MINUTES = st.integers(min_value=-3, max_value=8)  # a clock may be set back
T = TypeVar("T")


@dataclass
class Known:
    """One Entry of the model, in the fewest words that tell what is to happen."""

    order: int  # of all that were made
    queued: tuple[float, int]
    number: int = 0  # as the ledger has given it, rising and maybe with gaps
    state: State = State.WAITING
    claims: int = 0
    held: bool = False
    due: float | None = None
    tries: int = 0
    judged: list[tuple[Verdict, int]] = field(default_factory=list)  # with its records
    ended: str = ""  # how the last claim was given up


class LedgerMachine(RuleBasedStateMachine):
    """The rules are the contract's calls; the model is a dict of what is Known."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        url = f"sqlite:///{Path(self.folder.name) / 'ledger.db'}"
        self.ledger: Ledger = self.run(self.stack.enter_async_context(open_ledger(url)))
        self.known: dict[tuple[str, str], Known] = {}
        self.claims: list[tuple[Claim, Known]] = []
        self.time = 0.0
        self.count = 0
        self.lines = 0

    def teardown(self) -> None:
        self.run(self.ledger.seal(before=at(100_000)))
        segments = self.run(sealed(self.ledger))
        assert check_chain(segments) == []
        assert sum(each.entries for each in segments) == self.lines
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.time += minutes

    @rule(names=st.lists(st.tuples(KEYS, ETAGS), max_size=4))
    def see(self, names: list[tuple[str, str]]) -> None:
        known = [name for name in {*names} if name in self.known]
        back = [name for name in known if self.known[name].state is State.REPLACED]
        for name in back:
            self.requeue(self.known[name])
        fresh = [each for each in dict.fromkeys(names) if each not in self.known]
        for name in sorted(fresh, key=lambda each: each[0]):
            self.make(name)
        page = [obj(key, etag=etag) for key, etag in names]
        assert self.run(self.ledger.see(PLACE, page, now=at(self.time))) == len(fresh + back)

    @rule(count=st.integers(min_value=1, max_value=3), held=st.integers(min_value=1, max_value=6))
    def claim(self, count: int, held: int) -> None:
        until = self.time + held
        taken = self.run(claim_all(self.ledger, now=self.time, until=until, entries_max=count))
        here = [each for each in self.known.values() if each.state is State.WAITING]
        ready = sorted((each for each in here if each.due is None), key=lambda each: each.queued)
        again = [each for each in here if each.due is not None and each.due <= self.time]
        numbers = [each.entry.id for each in taken]
        assert len(numbers) == min(count, len(ready) + len(again))
        if len(again) <= count:  # else those due longest are looked at, and ties may go either way
            both = sorted([*ready, *again], key=lambda each: each.queued)
            assert numbers == [each.number for each in both[:count]]
        by_number = {each.number: each for each in here}
        for claim in taken:
            known = by_number[claim.entry.id]
            known.claims += 1
            known.held, known.due, known.ended = True, until, ""
            assert claim.number == known.claims
            self.claims.append((claim, known))

    @rule(held=st.integers(min_value=1, max_value=9))
    def extend(self, held: int) -> None:
        until = self.time + held
        longer = self.run(self.ledger.extend([each for each, _ in self.claims], until=at(until)))
        ours = [(claim, known) for claim, known in self.claims if self.is_held(claim, known)]
        assert longer == [msgspec.structs.replace(claim, until=at(until)) for claim, _ in ours]
        for _, known in ours:
            known.due = until

    @rule(
        data=st.data(),
        finding=st.sampled_from([None, WARNING, ERROR]),
        etag=st.none() | ETAGS,
        records=st.integers(min_value=0, max_value=9),
    )
    def record(self, data: st.DataObject, finding: Any, etag: str | None, records: int) -> None:
        if not self.claims:
            return
        claim, known = data.draw(st.sampled_from(self.claims))
        findings = [finding] if finding else []
        told = judgement(claim, *findings, etag=etag, records=records)
        done = self.run(self.ledger.record(claim, told, now=at(self.time)))
        if not self.is_held(claim, known):
            again = known.claims == claim.number and known.state in {State.JUDGED, State.REPLACED}
            assert done == again
            return
        assert done
        known.held, known.due, known.ended = False, None, "recorded"
        target = known
        if told.etag != claim.entry.etag:
            name = (claim.entry.key, told.etag)
            target = self.known.get(name) or self.make(name)
            known.state = State.JUDGED if known.judged else State.REPLACED
            if target.state is State.JUDGED:
                return
            target.claims += 1
            target.held, target.due = False, None
        target.state = State.JUDGED
        target.judged.append((told.report.verdict, records))
        self.lines += 1

    @rule(
        data=st.data(),
        wait=st.none() | MINUTES,
        error=st.sampled_from(["", "x"]),
        park=st.booleans(),
    )
    def put_back(self, data: st.DataObject, wait: int | None, error: str, park: bool) -> None:
        if not self.claims:
            return
        claim, known = data.draw(st.sampled_from(self.claims))
        due = None if wait is None else self.time + wait
        then = None if due is None else at(due)
        call = self.ledger.put_back(claim, error=error, next_try_at=then, park=park)
        done = self.run(call)
        if not self.is_held(claim, known):
            again = known.claims == claim.number and known.state in {State.WAITING, State.PARKED}
            assert done == again
            return
        assert done
        known.held, known.due = False, None if park else due
        known.state = State.PARKED if park else State.WAITING
        known.tries += bool(error)

    @rule(names=st.sets(st.tuples(KEYS, ETAGS)))
    def take_up(self, names: set[tuple[str, str]]) -> None:
        chosen = [self.known[name] for name in names if name in self.known]
        call = self.ledger.take_up([each.number for each in chosen], now=at(self.time))
        settled = [each for each in chosen if each.state in {State.JUDGED, State.PARKED}]
        assert self.run(call) == len(settled)
        for each in settled:
            self.requeue(each)

    @rule(minutes=MINUTES)
    def seal(self, minutes: int) -> None:
        made = self.run(self.ledger.seal(before=at(self.time + minutes)))
        assert all(each.entries for each in made)

    @invariant()
    def both_say_the_same(self) -> None:
        entries = self.run(listed(self.ledger))
        assert len(entries) == len(self.known)
        for entry in entries:
            known = self.known[entry.key, entry.etag]
            known.number = known.number or entry.id
            assert (entry.id, entry.state) == (known.number, known.state)
            assert (entry.tries, entry.judgements) == (known.tries, len(known.judged))
            assert entry.verdict == (known.judged[-1][0] if known.judged else None)
        made = sorted(self.known.values(), key=lambda each: each.order)
        assert [each.number for each in made] == sorted({each.number for each in made})

    @invariant()
    def the_sums_are_those_of_the_last_verdicts(self) -> None:
        hours = self.run(self.ledger.hours(start=at(-600), end=at(600)))
        judged = [(key, each) for (key, _), each in self.known.items() if each.judged]
        contents = dict(sorted(judged, key=lambda of: of[1].order))
        last = [each.judged[-1] for each in contents.values()]  # of each name one content counts
        assert sum(each.batches for each in hours) == len(last)
        assert sum(each.records for each in hours) == sum(records for _, records in last)
        failed = [verdict for verdict, _ in last if verdict is Verdict.FAIL]
        assert sum(each.failed for each in hours) == len(failed)

    def make(self, name: tuple[str, str]) -> Known:
        self.count += 1
        self.known[name] = Known(order=self.count, queued=(self.time, self.count))
        return self.known[name]

    def requeue(self, known: Known) -> None:
        known.state, known.due, known.tries = State.WAITING, None, 0
        known.queued = (self.time, known.order)

    def is_held(self, claim: Claim, known: Known) -> bool:
        return known.held and known.claims == claim.number


LedgerMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLedger = LedgerMachine.TestCase
