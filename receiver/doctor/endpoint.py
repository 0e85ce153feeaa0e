"""An endpoint that takes pushes, layer by layer: its name, its certificate, its answer."""

from collections.abc import Callable

from receiver.clock import Clock
from receiver.destination.destination import Destination
from receiver.doctor.address import address_of
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.dns import look_up
from receiver.doctor.headers import judge_headers
from receiver.doctor.probe import TRIALS, knock, not_pushed, push
from receiver.doctor.tls import shake_hands, tls_context
from receiver.doctor.waits import Waits
from receiver.doctor.words import line


async def examine_endpoint(
    destination: Destination,
    *,
    say: Callable[[Checkup], None],
    clock: Clock,
    write_probe: bool,
    waits: Waits,
) -> None:
    """Say a line about each layer; the headers are sent over a connection to be trusted only."""
    address = address_of(destination)
    for checkup in judge_headers(destination):
        say(checkup)
    found = await look_up(address, waits=waits)
    say(found)
    if found.status is Status.FAIL:
        return
    shaken = await shake_hands(address, now=clock.now(), waits=waits)
    say(shaken)
    if shaken.status is Status.FAIL:
        say(line("http", Status.UNKNOWN, "nothing was sent, for want of a trusted connection"))
        return
    tls = tls_context(verified=not address.skips_verifying)
    if write_probe:
        for trial in TRIALS:
            say(await push(trial, destination, address, tls=tls, waits=waits))
        return
    say(await knock(destination, address, tls=tls, waits=waits))
    say(not_pushed())
