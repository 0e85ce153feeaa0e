"""Waiting for a challenge: how often, how long, for what, and what is said at the end."""

import asyncio
from datetime import timedelta
from random import Random

import msgspec
import pytest

from receiver.errors import ObjectMissing, Reason, StoreDenied, StoreError, StoreUnavailable
from receiver.limits import CHALLENGE_WAIT_SECONDS_MAX
from receiver.ownership import waiting as waiting_module
from receiver.ownership.challenge import Challenge, NoChallenge, Written
from receiver.ownership.token import Token, read_token
from receiver.ownership.waiting import look_until
from tests.unit.ownership.moments import NOW, FakeClock, token_of, until

ABSENT = NoChallenge(
    message="gs://b: no challenge under logs/ yet; ask for one",
    brief="no challenge in gs://b/logs yet",
)
LOOKING = ("looking in gs://b/logs", 60)
PASSING = StoreDenied(
    "gs://b: access denied; grant it", reason=Reason.LIST_DENIED, right="objects.list"
)


def challenge(*, valid_for: timedelta = timedelta(days=7)) -> Challenge:
    token = read_token(token_of(until(NOW + valid_for)))
    assert isinstance(token, Token)
    return Challenge(written=Written(key="logs/x.txt", written_at=NOW), token=token)


class FakeSearch:
    """Gives these answers, one a look, and the last one for ever."""

    def __init__(self, *answers: Challenge | NoChallenge | StoreError) -> None:
        self.looks = 0
        self._answers = answers

    async def look(self) -> Challenge | NoChallenge:
        answer = self._answers[min(self.looks, len(self._answers) - 1)]
        self.looks += 1
        if isinstance(answer, StoreError):
            raise answer
        return answer


class Waiting:
    """One waiting, and what was seen of it."""

    def __init__(self, search: FakeSearch, *, seconds: float, past_expired: bool = True) -> None:
        self.clock = FakeClock()
        self.said: list[tuple[str, float]] = []
        self._search = search
        self._seconds = seconds
        self._past_expired = past_expired

    async def end(self) -> Challenge | NoChallenge:
        return await look_until(
            self._search,
            place="gs://b/logs",
            deadline_seconds=self._seconds,
            clock=self.clock,
            random=Random(4),
            on_wait=lambda words, left: self.said.append((words, left)),
            past_expired=self._past_expired,
        )


async def test_what_is_there_is_returned_without_waiting() -> None:
    waiting = Waiting(FakeSearch(challenge()), seconds=60)
    assert await waiting.end() == challenge()
    assert waiting.clock.slept == []
    assert waiting.said == [LOOKING]


async def test_what_comes_while_we_wait_is_returned() -> None:
    search = FakeSearch(ABSENT, PASSING, StoreUnavailable("x"), challenge())
    waiting = Waiting(search, seconds=60)
    assert await waiting.end() == challenge()
    assert search.looks == 4


async def test_without_time_it_looks_once_and_adds_nothing() -> None:
    search = FakeSearch(ABSENT)
    assert await Waiting(search, seconds=0).end() == ABSENT
    assert search.looks == 1
    with pytest.raises(StoreDenied, match=r"^gs://b: access denied; grant it$"):
        await Waiting(FakeSearch(PASSING), seconds=0).end()


async def test_the_waits_double_up_to_a_limit_and_are_cut_by_up_to_a_half() -> None:
    waiting = Waiting(FakeSearch(ABSENT), seconds=1000)
    await waiting.end()
    whole = [1.0, 2.0, 4.0, 8.0, *[CHALLENGE_WAIT_SECONDS_MAX] * 200]
    for slept, wait in zip(waiting.clock.slept[:-1], whole, strict=False):
        assert wait / 2 <= slept <= wait
    assert len({round(slept, 6) for slept in waiting.clock.slept}) > 10


@pytest.mark.parametrize("seconds", [0.1, 1, 10, 61.5])
async def test_the_last_look_is_at_the_deadline_and_none_after_it(seconds: float) -> None:
    search = FakeSearch(ABSENT)
    waiting = Waiting(search, seconds=seconds)
    await waiting.end()
    assert sum(waiting.clock.slept) == pytest.approx(seconds)
    assert search.looks == len(waiting.clock.slept) + 1


async def test_how_long_was_waited_is_said_at_the_end() -> None:
    absent = await Waiting(FakeSearch(ABSENT), seconds=120).end()
    assert isinstance(absent, NoChallenge)
    assert absent.message == f"{ABSENT.message} (waited 120 s)"
    error = ObjectMissing("there is no such folder")
    with pytest.raises(ObjectMissing, match=r"no such folder \(waited 30 s\)"):
        await Waiting(FakeSearch(error), seconds=30).end()


async def test_an_error_at_the_end_keeps_its_reason_and_right() -> None:
    error = StoreDenied("x", reason=Reason.READ_DENIED, right="s3:GetObject")
    with pytest.raises(StoreDenied) as told:
        await Waiting(FakeSearch(error), seconds=30).end()
    assert (told.value.reason, told.value.right) == (Reason.READ_DENIED, "s3:GetObject")


@pytest.mark.parametrize("reason", [reason for reason in Reason if not reason.may_pass])
async def test_what_no_waiting_mends_is_raised_at_once(reason: Reason) -> None:
    waiting = Waiting(FakeSearch(StoreDenied("x", reason=reason)), seconds=60)
    with pytest.raises(StoreDenied, match=r"^x$"):
        await waiting.end()
    assert waiting.clock.slept == []


async def test_an_expired_token_is_an_old_file_and_a_new_one_is_waited_for() -> None:
    old = challenge(valid_for=timedelta(minutes=-5))
    waiting = Waiting(FakeSearch(old, old, challenge()), seconds=60)
    assert await waiting.end() == challenge()
    assert waiting.said[1][0] == "logs/x.txt has expired, no newer one yet"


async def test_an_expired_token_is_returned_if_no_other_comes() -> None:
    old = challenge(valid_for=timedelta(minutes=-5))
    assert await Waiting(FakeSearch(old), seconds=60).end() == old


async def test_who_watches_is_told_what_is_waited_for_and_how_long_still() -> None:
    waiting = Waiting(FakeSearch(ABSENT, PASSING, challenge()), seconds=60)
    await waiting.end()
    words, left = zip(*waiting.said, strict=True)
    assert words == (LOOKING[0], "no challenge in gs://b/logs yet", "gs://b: access denied")
    assert left[:2] == (60, 60)
    assert 58 < left[2] < 60


async def test_before_the_first_look_who_watches_is_told_that_it_is_looked() -> None:
    waiting = Waiting(FakeSearch(StoreDenied("x", reason=Reason.KEYS_WRONG)), seconds=60)

    class Watched(FakeSearch):
        async def look(self) -> Challenge | NoChallenge:
            assert waiting.said == [LOOKING]
            return challenge()

    waiting._search = Watched()
    await waiting.end()


async def test_a_look_without_a_short_clause_is_told_by_the_first_of_its_message() -> None:
    waiting = Waiting(FakeSearch(NoChallenge(message="none; ask for one"), challenge()), seconds=60)
    await waiting.end()
    assert waiting.said[1][0] == "none"


async def test_a_name_cannot_begin_a_line_of_what_is_told() -> None:
    old = challenge(valid_for=timedelta(minutes=-5))
    named = msgspec.structs.replace(old, written=Written(key="x\n ::error::", written_at=NOW))
    waiting = Waiting(FakeSearch(named, challenge()), seconds=60)
    await waiting.end()
    assert waiting.said[1][0].startswith("x\\x0a\\x20::error:: has expired")


class HangingSearch(FakeSearch):
    """Its looks never end; what is cancelled is cleaned up."""

    cleaned_up = 0

    async def look(self) -> Challenge | NoChallenge:
        self.looks += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.cleaned_up += 1
        raise AssertionError


async def test_a_look_that_hangs_is_given_up_a_little_after_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting_module, "GRACE_SECONDS", 0.05)
    search = HangingSearch()
    with pytest.raises(StoreUnavailable, match=r"^gs://b/logs: no answer in 0 s; look at the net"):
        await Waiting(search, seconds=0.1).end()
    # the clock of the test takes no time for looking, so that waits and looks alternate
    assert search.looks == search.cleaned_up == 2


async def test_an_expired_token_is_enough_for_who_wants_no_newer_one() -> None:
    waiting = Waiting(
        FakeSearch(challenge(valid_for=-timedelta(days=1))), seconds=60, past_expired=False
    )
    assert isinstance(await waiting.end(), Challenge)
    assert waiting.said == [LOOKING]
