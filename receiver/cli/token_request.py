"""Asking the API for a challenge, and bringing its token back from where Logpush wrote it."""

from typing import TYPE_CHECKING

import msgspec

from receiver.cli.api_access import Access, ask
from receiver.cli.streams import tell
from receiver.cli.token_answer import Answer, told
from receiver.cli.token_inquiry import Inquiry, inquire
from receiver.clock import Clock
from receiver.destination.challenge import requirement
from receiver.destination.destination import Scheme
from receiver.report.phrase import visible

if TYPE_CHECKING:
    from receiver.api.client import LogpushApi
    from receiver.api.scope import Scope


def requested(inquiry: Inquiry, access: Access) -> Inquiry:
    """Ask the API for a challenge; return the inquiry after the file that its answer names.

    Where no token is needed, nothing is asked.

    Raises:
        ApiError: the API refuses, or does not answer.
    """
    if requirement(inquiry.destination).required is False:
        return inquiry
    return ask(access, lambda api: _requested(inquiry, api, access.scope))


async def prove(inquiry: Inquiry, *, api: "LogpushApi", scope: "Scope", clock: Clock) -> Answer:
    """Ask for a challenge and look for its token, where the destination needs one.

    Where nobody documents whether it does, none is asked for: the API will say so.

    Raises:
        ApiError: the API refuses, or does not answer.
        ConfigError, StoreError: the challenge cannot be read back.
    """
    if requirement(inquiry.destination).required:
        inquiry = await _requested(inquiry, api, scope)
    answer = await inquire(inquiry, clock=clock)
    tell(told(answer))
    return answer


async def _requested(inquiry: Inquiry, api: "LogpushApi", scope: "Scope") -> Inquiry:
    filename = await api.challenge(scope, inquiry.destination.conf.reveal())
    tell([f"the API has had a challenge written: {visible(filename)}"])
    if inquiry.destination.scheme is Scheme.SUMO:
        return inquiry  # nobody documents whether a message there carries the name
    return msgspec.structs.replace(inquiry, filename=filename)
