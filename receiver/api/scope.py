"""What the API is asked about: a zone or an account."""

import re
from typing import Final, Literal

import msgspec

from receiver.errors import ConfigError

_ID: Final = re.compile(r"[0-9a-f]{1,32}")


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A zone or an account; both have the same operations."""

    kind: Literal["zone", "account"]
    id: str

    @property
    def path(self) -> str:
        """How the API's paths begin."""
        return f"/{self.kind}s/{self.id}/logpush"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def read_scope(
    zone: str | None, account: str | None, *, names: tuple[str, str] = ("--zone", "--account")
) -> Scope:
    """Take the zone or the account that is given; `names` are what the two are called there.

    Raises:
        ConfigError: none or both are given, or it is no id: an id becomes a part of an address.
    """
    if (zone is None) == (account is None):
        raise ConfigError(f"say whose jobs: {names[0]} or {names[1]}, one of them, with its ID")
    kind: Literal["zone", "account"] = "account" if zone is None else "zone"
    name, written = (names[0], zone) if zone is not None else (names[1], account or "")
    found = written.strip().lower()
    if not _ID.fullmatch(found):
        raise ConfigError(
            f"{name} {written[:40]!r}: an id has up to 32 hexadecimal digits;"
            f" the dashboard shows it on the {kind}'s overview"
        )
    return Scope(kind=kind, id=found)
