"""What a job's `error_message` says of an upload that failed: Logpush's words, then ours.

Logpush's own end at "error uploading": what it says of the cause is not documented, so that is
ours, and begins with our name.
"""

from typing import Final

OURS: Final = "logpush-receiver emulate"
DOCUMENTED: Final = "error writing object: error uploading"
"""What Logpush says of a destination that does not take an object."""

SAS_TYPES: Final = "signedResourceTypes must be Object only (srt=o)"
"""What Logpush says of an Azure SAS for more than objects."""


def upload_error(cause: str) -> str:
    """Return the message of an upload that failed."""
    return f"{DOCUMENTED} ({OURS}: {cause})"
