"""Lines of a checkup in words: notes as sentences, and what a store says with its remedy."""

from typing import Final

from receiver.doctor.checkup import Checkup, Status
from receiver.errors import Reason, StoreError
from receiver.report.phrase import unbroken

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


def refusal(
    name: str, error: StoreError, *, status: Status = Status.FAIL, key: str = ""
) -> Checkup:
    """Make the line of a question that the store did not answer; its message has the thing.

    Where that is an object, its `key` is made one word: it may be anybody's, and hold blanks.
    """
    return line(name, status, of_one_word(str(error), key), remedy_of(error))


def of_one_word(text: str, key: str) -> str:
    """Return a text in which a key, wherever it stands, is one word."""
    return text.replace(key, unbroken(key)) if key else text


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
