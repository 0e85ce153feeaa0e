"""A clock that goes on only when somebody sleeps, and tokens to be met at its time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LIFE = timedelta(days=7)
KEY = "a key of 32 bytes or more, which nobody uses"


class FakeClock:
    """Sleeps no time, and takes it as slept."""

    def __init__(self, now: datetime = NOW) -> None:
        self.slept: list[float] = []
        self._start = now

    def now(self) -> datetime:
        return self._start + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return 1000.0 + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)


def token_of(claims: dict[str, Any]) -> bytes:
    """A JWT that PyJWT makes: another's hand than the reader's."""
    return jwt.encode(claims, KEY, algorithm="HS256").encode()


def until(time: datetime) -> dict[str, int]:
    return {"iat": int((time - LIFE).timestamp()), "exp": int(time.timestamp())}
