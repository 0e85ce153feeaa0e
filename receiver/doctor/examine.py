"""Is this destination fit: everything that can be looked at, one line after the other.

Nothing is written anywhere unless a write probe is asked for.
"""

from collections.abc import Callable, Iterable
from typing import Final

from receiver.clock import Clock
from receiver.destination.destination import Destination, Scheme
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.stored import examine_store
from receiver.doctor.waits import WAITS, Waits
from receiver.doctor.words import line
from receiver.errors import ConfigError

ENDPOINTS: Final = frozenset(
    {Scheme.HTTPS, Scheme.SPLUNK, Scheme.DATADOG, Scheme.SENTINELONE, Scheme.SUMO}
)
_WORST_FIRST: Final = (Status.FAIL, Status.WARN, Status.PASS)


async def examine(
    destination: Destination,
    *,
    clock: Clock,
    on_checkup: Callable[[Checkup], None],
    endpoint_url: str | None = None,
    write_probe: bool = False,
    waits: Waits = WAITS,
) -> tuple[Checkup, ...]:
    """Look at a destination; hand over each line as it comes, and return them all.

    `endpoint_url` leads to a store, before the conf's own endpoint and the cloud's. With
    `write_probe` Logpush's own test object is written, or its test bodies are sent.

    Raises:
        ConfigError: the destination names no store or endpoint that could be asked.
    """
    said: list[Checkup] = []

    def say(checkup: Checkup) -> None:
        said.append(checkup)
        on_checkup(checkup)

    if endpoint_url is not None and not destination.stored:
        raise ConfigError(
            f"{destination}: an endpoint's address leads to a store, and {destination.scheme}:// "
            "is none; leave --endpoint-url out"
        )
    for note in destination.notes:
        if destination.sas and "srt=o" in note:  # as a failure it is among what the SAS says
            continue
        say(line("conf", Status.WARN, note))
    if destination.stored:
        await examine_store(
            destination,
            say=say,
            clock=clock,
            endpoint_url=endpoint_url,
            write_probe=write_probe,
            waits=waits,
        )
    elif destination.scheme in ENDPOINTS:
        from receiver.doctor.endpoint import examine_endpoint  # loads an HTTP client

        await examine_endpoint(
            destination, say=say, clock=clock, write_probe=write_probe, waits=waits
        )
    else:
        message = f"of {destination.scheme}:// nothing but the conf itself can be looked at here"
        say(line("conf", Status.UNKNOWN, message))
    return tuple(said)


def verdict(checkups: Iterable[Checkup]) -> Status:
    """Return the worst of the lines; `unknown` where nothing was found out at all."""
    found = {each.status for each in checkups}
    return next((status for status in _WORST_FIRST if status in found), Status.UNKNOWN)
