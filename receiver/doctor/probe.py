"""The answer of an endpoint, to a question that changes nothing or to Logpush's own test."""

import ssl
from typing import Final

import msgspec

from receiver.destination.destination import Destination, Scheme
from receiver.doctor.address import Address
from receiver.doctor.bodies import TEST_OBJECT, TEST_TEXT
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.request import Answer, ask
from receiver.doctor.waits import Waits
from receiver.doctor.words import line
from receiver.secret import Secret

SPLUNK_HEALTH: Final = "/services/collector/health"
"""Splunk's own question for whether the collector takes events."""

_MISSING: Final = frozenset({404, 410})
NOT_IMPLEMENTED: Final = 501  # RFC 9110 15.6.2: of HEAD small servers say so, and take a POST

_FOLLOWED: Final = "whether Logpush follows one is not documented"
REPORTED: Final = "error validating destination: error writing object: error uploading"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A request with which Logpush tries an endpoint."""

    words: str
    body: bytes
    headers: dict[str, str]


# Which type the second has is not known; endpoints that insist on one were seen to refuse batches.
TRIALS: Final = (
    Trial(
        words="the plain test body", body=TEST_TEXT, headers={"Content-Type": "application/json"}
    ),
    Trial(words="the gzip test body", body=TEST_OBJECT, headers={"Content-Encoding": "gzip"}),
)


async def knock(
    destination: Destination, address: Address, *, tls: ssl.SSLContext, waits: Waits
) -> Checkup:
    """Ask what changes nothing: HEAD (RFC 9110 9.2.1), or Splunk's question for its health.

    Sumo's source takes a message from more than a POST, so that only its host is asked.
    """
    method, url = "HEAD", address.url
    if destination.scheme is Scheme.SPLUNK:
        method, url = "GET", Secret(address.root + SPLUNK_HEALTH)
    elif destination.scheme is Scheme.SUMO:
        url = Secret(f"{address.root}/")
    answer = await ask(method, url, destination=destination, tls=tls, waits=waits)
    if answer.status is None:
        return line("http", Status.FAIL, answer.trouble, "Look at the server's own log.")
    message = f"it answers {method} with {answer.status}"
    if 300 <= answer.status < 400:
        message += f", a redirect, and {_FOLLOWED}"
        return line("http", Status.WARN, message, "Write the final address.")
    if answer.status >= 500 and answer.status != NOT_IMPLEMENTED:
        return line("http", Status.FAIL, message, "Look at the server's own log.")
    if answer.unruly:
        message += ", and with a body or a header that HTTP does not allow there"
        return line("http", Status.WARN, message, "Only a push tells: --write-probe sends one.")
    if answer.status in _MISSING and destination.scheme is not Scheme.SUMO:  # of it, only the host
        message += ": the path is wrong, or there for a POST only"
        return line("http", Status.WARN, message, "Correct the path, unless a push is taken.")
    if answer.status in {401, 403}:
        message += ": only a push tells whether it takes the headers"
    return line("http", Status.PASS, message)


async def push(
    trial: Trial,
    destination: Destination,
    address: Address,
    *,
    tls: ssl.SSLContext,
    waits: Waits,
) -> Checkup:
    """Post a test body as Logpush does, and judge the answer as Logpush would."""
    answer = await ask(
        "POST",
        address.url,
        destination=destination,
        tls=tls,
        waits=waits,
        body=trial.body,
        said=trial.headers,
    )
    if answer.status is not None and 200 <= answer.status < 300:
        return line("probe", Status.PASS, f"{trial.words} is answered {answer.status}")
    found = answer.trouble if answer.status is None else f"it is answered {answer.status}"
    if answer.status is not None and 300 <= answer.status < 400:
        message = f"{trial.words} is answered {answer.status}, a redirect, and {_FOLLOWED}"
        return line("probe", Status.WARN, message, _remedy(answer, destination))
    message = f"{trial.words} is not taken: {found}; Logpush would report `{REPORTED}`"
    return line("probe", Status.FAIL, message, _remedy(answer, destination))


def not_pushed() -> Checkup:
    """Say that nothing was posted, and why."""
    return line(
        "probe",
        Status.UNKNOWN,
        "whether it takes a push was not tried: an endpoint may take the test for a record",
        "--write-probe sends the bodies with which Logpush itself tries it.",
    )


def _remedy(answer: Answer, destination: Destination) -> str:
    names = ", ".join(name for name, _ in destination.headers)
    match answer.status:
        case None:
            return "Look at the server's own log."
        case 401 | 403:
            given = f"sent were {names}" if names else "the conf has no header_ parameter at all"
            return f"Correct header_Authorization, or the header that it wants ({given})."
        case 404 | 410:
            return "Correct the path."
        case 405:
            return "Let the path take POST."
        case 415:
            return "Add the type that it wants: header_Content-Type=application%2Fjson."
        case 429:
            return "Raise its limit: Logpush sends several batches a minute."
        case status if 300 <= status < 400:
            return "Write the final address into the conf."
        case status if status >= 500:
            return "Look at the server's own log."
    return "Let it answer 200 to every test body, whatever it holds."
