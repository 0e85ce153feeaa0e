"""The name of an endpoint: what the resolver says, and that nobody waits for one that hangs."""

import signal
import subprocess
import sys
import time

import msgspec

from receiver.destination.parse import parse_destination
from receiver.doctor.address import address_of
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.dns import look_up
from receiver.doctor.waits import WAITS

HANGING = """
import asyncio, socket, sys, time
from receiver.destination.parse import parse_destination
from receiver.doctor.address import address_of
from receiver.doctor.dns import look_up
from receiver.doctor.waits import Waits

def hang(*asked, **how):
    print("asked", flush=True)
    time.sleep(60)

socket.getaddrinfo = hang
address = address_of(parse_destination("https://logs.example.com/"))
print(asyncio.run(look_up(address, waits=Waits(lookup_seconds=float(sys.argv[1])))).message)
"""


async def looked_up(host: str) -> Checkup:
    return await look_up(address_of(parse_destination(f"https://{host}/")), waits=WAITS)


def started(lookup_seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", HANGING, str(lookup_seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


async def test_an_address_is_its_own_answer() -> None:
    found = await looked_up("127.0.0.1")
    assert found.status is Status.WARN
    assert "127.0.0.1, which Cloudflare cannot reach" in found.message


async def test_a_name_that_does_not_resolve_fails() -> None:
    assert (await looked_up("logs.invalid")).status is Status.FAIL


async def test_a_name_that_no_resolver_is_asked_for_fails() -> None:
    address = address_of(parse_destination("https://logs.example.com/"))
    for host in ("a" * 64 + ".example.com", "a..example.com"):
        found = await look_up(msgspec.structs.replace(address, host=host), waits=WAITS)
        assert found.status is Status.FAIL


def test_a_resolver_that_hangs_does_not_keep_the_process() -> None:
    begun = time.monotonic()
    said, _ = started(0.2).communicate(timeout=30)
    assert time.monotonic() - begun < 10.0
    assert "the resolver gave no answer in 0.2 s" in said


def test_an_interruption_does_not_wait_for_the_resolver() -> None:
    process = started(60)
    assert process.stdout
    assert process.stdout.readline() == "asked\n"
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert time.monotonic() - begun < 5.0
