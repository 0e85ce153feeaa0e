"""Lines of a checkup in words: notes as sentences, and what a store says with its remedy."""

from typing import Final

from receiver.doctor.checkup import Checkup, Status
from receiver.errors import Reason, StoreError

_REMEDIES: Final = {
    Reason.BUCKET_MISSING: "Create it, or correct its name in the destination_conf.",
    Reason.KEYS_MISSING: "Give this machine credentials that may list and read.",
    Reason.KEYS_WRONG: "Correct the keys.",
    Reason.KEYS_EXPIRED: "Renew the session token.",
    Reason.REGION_WRONG: "Write the region that is named into the destination_conf.",
    Reason.SAS_EXPIRED: "Make a new SAS, and give the job a destination_conf with it.",
    Reason.SAS_EARLY: "Wait until it begins, or make one that is valid now.",
    Reason.SAS_WRITE_ONLY: "Read by other credentials: Logpush's own SAS is right as it is.",
    Reason.SAS_WRONG: "Make a new SAS for this container.",
    Reason.CLOCK_SKEW: "Set this machine's clock right.",
    Reason.UNAVAILABLE: "Look at the endpoint's address, the network and the store itself.",
}
_DENIED: Final = {Reason.LIST_DENIED, Reason.READ_DENIED, Reason.WRITE_DENIED}


def line(name: str, status: Status, message: str, remedy: str = "") -> Checkup:
    """Make a line of whole sentences."""
    return Checkup(name=name, status=status, message=sentence(message), remedy=remedy)


def refusal(name: str, error: StoreError, *, status: Status = Status.FAIL) -> Checkup:
    """Make the line of a question that the store did not answer; its message has the thing."""
    return line(name, status, str(error), remedy_of(error))


def remedy_of(error: StoreError) -> str:
    """Say what to do about an error of a store; empty where its message says all there is."""
    if error.reason in _DENIED:
        return f"Grant {error.right}." if error.right else ""
    return _REMEDIES.get(error.reason, "")


def sentence(text: str) -> str:
    """Give a text its capital and its full stop; an address or a quoted name stays as it is."""
    first = text.partition(" ")[0]
    if first.isalpha():
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
