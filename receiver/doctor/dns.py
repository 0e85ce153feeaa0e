"""The name of an endpoint: whether it resolves, and to what Cloudflare could reach."""

import asyncio
import ipaddress
import socket
import threading
from contextlib import suppress
from typing import Final

from receiver.doctor.address import Address
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.waits import Waits
from receiver.doctor.words import line

ADDRESSES_SHOWN_MAX: Final = 4
"""So many addresses are named: enough to recognise the machine."""


async def look_up(address: Address, *, waits: Waits) -> Checkup:
    """Resolve the host as this machine does; Cloudflare's resolvers may see other records."""
    host = address.host
    try:
        async with asyncio.timeout(waits.lookup_seconds):
            found = await _resolve(host, address.port)
    except TimeoutError:
        message = f"the host {host}: the resolver gave no answer in {waits.lookup_seconds:g} s"
        return line("dns", Status.FAIL, message, "Look at the name's servers.")
    except (OSError, UnicodeError) as error:  # UnicodeError: a part of the name is too long
        said = error.strerror if isinstance(error, OSError) else "no name can be like this"
        return line(
            "dns",
            Status.FAIL,
            f"the host {host} does not resolve: {said}",
            "Correct the host, or publish its A or AAAA record (Logpush reports status 1105).",
        )
    addresses = list(dict.fromkeys(found))
    hidden = [each for each in addresses if not ipaddress.ip_address(each).is_global]
    if hidden:
        message = f"the host {host} is at {_some(hidden)}, which Cloudflare cannot reach"
        remedy = "Publish an address of the internet, unless this machine alone sees another one."
        return line("dns", Status.WARN, message, remedy)
    return line("dns", Status.PASS, f"the host {host} is at {_some(addresses)}")


async def _resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver, which nobody can interrupt, in a thread that nobody waits for.

    In the loop's own threads an unanswered question would keep the process when all else has ended.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str], error: Exception | None) -> None:
        if answer.done():  # it is too late
            return
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: list[str] = []
        failed: Exception | None = None
        try:
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [str(sockaddr[0]) for *_, sockaddr in told]
        except (OSError, UnicodeError) as error:
            failed = error
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            loop.call_soon_threadsafe(settle, found, failed)

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    return await answer


def _some(addresses: list[str]) -> str:
    more = len(addresses) - ADDRESSES_SHOWN_MAX
    shown = ", ".join(addresses[:ADDRESSES_SHOWN_MAX])
    return f"{shown} and {more} more" if more > 0 else shown
