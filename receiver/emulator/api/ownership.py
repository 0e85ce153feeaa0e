"""The ownership of a destination: challenged, and proven by the token that was written there."""

import logging
import secrets
from collections.abc import Callable
from typing import Any, Final

from receiver.clock import Clock
from receiver.destination.challenge import NAME_BEGINNING, requirement
from receiver.destination.destination import Destination, Scheme
from receiver.destination.parse import parse_destination
from receiver.emulator.api.refusals import OWNERSHIP_INCORRECT, Refusal, marked
from receiver.emulator.api.tokens import TOKEN_CHARS_MAX, make_token, token_fault
from receiver.emulator.api.writing import DestinationWriter
from receiver.emulator.cloud import Scope, State
from receiver.emulator.pusher.upload import UploadFailed
from receiver.errors import DestinationInvalid

_NAME_BYTES: Final = 4  # 8 hex digits: how many Logpush's have is not documented

_log = logging.getLogger(__name__)


class Ownership:
    """Makes challenges and judges tokens; the secret that signs them is the State's."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        writer: DestinationWriter,
        random_hex: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._state = state
        self._clock = clock
        self._writer = writer
        self._random_hex = random_hex

    async def challenge(self, scope: Scope, conf: str) -> dict[str, Any]:
        """Write a challenge, and answer with its key. A refusal is an answer too: valid false."""
        try:
            destination = parse_destination(conf)
            _refuse_unwritable(destination)
            token = self._token(scope, destination)
            name = f"{NAME_BEGINNING}-{self._random_hex(_NAME_BYTES)}.txt"
            key = await self._writer.write_challenge(destination, name, token)
        except (DestinationInvalid, UploadFailed) as error:
            return {"filename": "", "valid": False, "message": marked(str(error))}
        return {"filename": key, "valid": True, "message": ""}

    def fits(self, scope: Scope, destination: Destination, token: str) -> bool:
        """Tell whether the token proves this destination for this Scope; the log says why not."""
        fault = token_fault(
            token, scope, destination, secret=self._state.secret(), now=self._clock.now()
        )
        if fault:
            _log.info("%s: ownership token refused: %s differs", destination, fault)
        return fault is None

    def _token(self, scope: Scope, destination: Destination) -> str:
        token = make_token(scope, destination, secret=self._state.secret(), now=self._clock.now())
        if len(token) > TOKEN_CHARS_MAX:
            raise DestinationInvalid("destination_conf: too long for a token to hold it")
        return token

    def demand(self, scope: Scope, destination: Destination, token: str | None) -> None:
        """Refuse a destination whose ownership has to be proven and is not.

        Where no document says whether it has to be, it has not.
        """
        if not requirement(destination).required:
            return
        if token is None:
            _log.info("%s: ownership token missing", destination)
        if token is None or not self.fits(scope, destination, token):
            raise Refusal(OWNERSHIP_INCORRECT)


def _refuse_unwritable(destination: Destination) -> None:
    """Refuse a challenge where no document knows of one and there is nowhere to write it."""
    if not destination.stored and destination.scheme is not Scheme.SUMO:
        raise DestinationInvalid(
            f"destination_conf: {destination.scheme}:// takes no challenge; create the job without"
        )
