"""Everything that the local API refuses: status, code and words, once.

Documented are few codes (reference: Logpush's documents, clients' tests and issues). All else is
ours, and is made to look so: codes from 99001, and a message that begins with our name.
"""

from typing import Final

import msgspec

from receiver.emulator.pusher.upload import UploadFailed
from receiver.emulator.pusher.wording import OURS, SAS_TYPES


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One way to be refused. `text` is a documented message, "" where each has its own."""

    status: int
    code: int
    text: str = ""
    documented: bool = False  # status, code and text; else at least one of them is ours


# --- documented ---
OWNERSHIP_INCORRECT: Final = Kind(
    status=400, code=1002, text="incorrect ownership challenge", documented=True
)
JOBS_EXCEEDED: Final = Kind(
    status=403,
    code=1004,
    text="creating a new job is not allowed: exceeded max jobs allowed",
    documented=True,
)
NO_ROUTE: Final = Kind(status=404, code=7003, text="No route for the URI", documented=True)

# --- documented in part ---
DESTINATION_TAKEN: Final = Kind(status=400, code=1007)  # a third party's script reads it so
DESTINATION_UNWRITABLE: Final = Kind(
    status=400,
    code=99001,
    text="error validating destination: error writing object: error uploading",
)
TRANSFORMER_MISSING: Final = Kind(status=400, code=99002)  # "transformer N not found for this ..."
IMMUTABLE: Final = Kind(status=400, code=99003)  # that `kind` answers 400 is seen, no text is
SIGN_IN: Final = Kind(status=403, code=99004)
JOB_MISSING: Final = Kind(status=404, code=99005)

# --- ours ---
JOB_INVALID: Final = Kind(status=400, code=99010)
DESTINATION_INVALID: Final = Kind(status=400, code=99011)
BODY_INVALID: Final = Kind(status=400, code=99012)
BODY_TOO_LARGE: Final = Kind(status=413, code=99013)
QUERY_INVALID: Final = Kind(status=400, code=99014)
DATASET_UNKNOWN: Final = Kind(status=404, code=99015)
SCOPE_UNSERVED: Final = Kind(status=403, code=99016)
METHOD: Final = Kind(status=405, code=99017)
REQUEST_INVALID: Final = Kind(status=400, code=99018)
INTERNAL: Final = Kind(status=500, code=99019)
BODY_SLOW: Final = Kind(status=408, code=99020)
STATE_LOST: Final = Kind(status=500, code=99021)
PLAN_INVALID: Final = Kind(status=400, code=99022)


class Refusal(Exception):
    """An operation refused. `hint` says more than the message may, in the envelope's messages."""

    def __init__(self, kind: Kind, detail: str = "", *, hint: str = "") -> None:
        self.kind = kind
        self.message = kind.text or marked(detail)
        self.hint = marked(hint) if hint else ""
        super().__init__(self.message)


def marked(text: str) -> str:
    """Return a text that is no document's so that it is visibly ours."""
    return text if OURS in text else f"{OURS}: {text}"


def unwritable(error: UploadFailed) -> Refusal:
    """Refuse a destination in the documented words, as far as there are any; the hint is ours.

    Of a host that is not found it is documented that the message holds "DNSError".
    """
    kind, why = DESTINATION_UNWRITABLE, str(error)
    if why == SAS_TYPES:
        kind = msgspec.structs.replace(kind, text=SAS_TYPES)
    elif "DNSError" in why:
        kind = msgspec.structs.replace(kind, text=f"{kind.text}: DNSError")
    return Refusal(kind, hint=why)


def transformer_missing(number: object) -> Refusal:
    """Refuse a transformer, for there are none here, in the documented words."""
    kind = msgspec.structs.replace(
        TRANSFORMER_MISSING, text=f"transformer {number} not found for this account"
    )
    return Refusal(kind)
