"""What may differ from one local Logpush to the next, and who asks."""

from typing import Final

import msgspec

from receiver.emulator.api.refusals import SCOPE_UNSERVED, Refusal
from receiver.emulator.cloud import Scope

JOBS_PER_ZONE_MAX: Final = 4
"""Logpush's own limit; none is documented for an account."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of whoever runs it."""

    zones: frozenset[str] | None = None  # ids that are served; None: any
    accounts: frozenset[str] | None = None
    jobs_per_zone_max: int = JOBS_PER_ZONE_MAX
    several_per_destination: bool = False  # since 2022-05 jobs may share one; before, never

    def admit(self, scope: Scope) -> None:
        """Refuse a zone or an account that is not served."""
        served = self.zones if scope.kind == "zones" else self.accounts
        if served is not None and scope.id not in served:
            one = scope.kind.removesuffix("s")
            raise Refusal(SCOPE_UNSERVED, f"this {one} is not among those that are served")


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as the audit log has it."""

    email: str  # "" of a token, which has none
    id: str
    ip: str = ""
