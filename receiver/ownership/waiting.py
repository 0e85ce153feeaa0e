"""Waiting for a challenge: looks again, ever more seldom, until one is there or the time is up."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from receiver.clock import Clock
from receiver.errors import StoreError, StoreUnavailable
from receiver.limits import CHALLENGE_WAIT_SECONDS, CHALLENGE_WAIT_SECONDS_MAX
from receiver.ownership.challenge import Challenge, NoChallenge, Search
from receiver.report.phrase import unbroken

GRACE_SECONDS: Final = 10.0
"""A look may take so long past the deadline: the last one begins there, and a healthy store that is
far away, or gets its credentials first, has answered by then."""


async def look_until(
    search: Search,
    *,
    place: str,
    deadline_seconds: float,
    clock: Clock,
    random: Random,
    on_wait: Callable[[str, float], None],
    past_expired: bool = True,
) -> Challenge | NoChallenge:
    """Look at once and then again, the last time when so many seconds have passed.

    A look that hangs is given up, a little after that time. Waited for is what may pass: no
    challenge, an expired one (a new one may be on its way; not where `past_expired` is false), and
    errors that time may mend; then the last answer stands. The waits double, each cut at random by
    up to a half. `on_wait` gets a clause that says what is waited for, at first that it is looked
    in `place`, and the seconds left.

    Raises:
        StoreError: it could not be looked, and waiting cannot help or did not.
    """
    started, wait_seconds = clock.monotonic(), CHALLENGE_WAIT_SECONDS
    is_last, left_seconds = False, deadline_seconds
    on_wait(f"looking in {place}", left_seconds)
    while True:
        answer = await _look(search, place, max(left_seconds, 0.0) + GRACE_SECONDS)
        left_seconds = deadline_seconds - (clock.monotonic() - started)
        if _settled(answer, clock, past_expired):
            return _given(answer)
        if is_last or left_seconds <= 0:
            return _given(_told_waiting(answer, clock.monotonic() - started))
        on_wait(_reason(answer), left_seconds)
        cut_seconds = wait_seconds * (0.5 + random.random() / 2)
        is_last = cut_seconds >= left_seconds
        await clock.sleep(min(cut_seconds, left_seconds))
        left_seconds = deadline_seconds - (clock.monotonic() - started)
        wait_seconds = min(2 * wait_seconds, CHALLENGE_WAIT_SECONDS_MAX)


async def _look(
    search: Search, place: str, seconds_max: float
) -> Challenge | NoChallenge | StoreError:
    try:
        async with asyncio.timeout(seconds_max):
            return await search.look()
    except StoreError as error:
        return error
    except TimeoutError:
        return StoreUnavailable(
            f"{place}: no answer in {seconds_max:.0f} s; look at the network, or wait longer"
        )


def _settled(
    answer: Challenge | NoChallenge | StoreError, clock: Clock, past_expired: bool
) -> bool:
    """Tell whether looking again could bring nothing better."""
    if isinstance(answer, StoreError):
        return not answer.reason.may_pass
    if isinstance(answer, NoChallenge):
        return False
    return not (past_expired and answer.token.expired(clock.now()))


def _given(answer: Challenge | NoChallenge | StoreError) -> Challenge | NoChallenge:
    if isinstance(answer, StoreError):
        raise answer
    return answer


def _told_waiting(
    answer: Challenge | NoChallenge | StoreError, waited_seconds: float
) -> Challenge | NoChallenge | StoreError:
    """Return the answer with how long was waited in its message; not where nobody waited."""
    if waited_seconds < CHALLENGE_WAIT_SECONDS / 2 or isinstance(answer, Challenge):
        return answer
    waited = f"waited {waited_seconds:.0f} s"
    if isinstance(answer, NoChallenge):
        return msgspec.structs.replace(answer, message=f"{answer.message} ({waited})")
    answer.args = (f"{answer} ({waited})", *answer.args[1:])  # itself: its causes stay with it
    return answer


def _reason(answer: Challenge | NoChallenge | StoreError) -> str:
    """Return a clause, without remedies."""
    if isinstance(answer, Challenge):
        return f"{unbroken(answer.written.key)} has expired, no newer one yet"
    if isinstance(answer, NoChallenge) and answer.brief:
        return answer.brief
    message = str(answer) if isinstance(answer, StoreError) else answer.message
    return message.partition("; ")[0]
