"""What can go wrong outside of the data, as one tree.

    ReceiverError
    ├── ConfigError              the operator's input; retrying cannot help
    │   ├── DestinationInvalid   a destination_conf
    │   ├── OptionsInvalid       logpull_options or output_options
    │   ├── JobInvalid           a job's JSON
    │   ├── SelectionInvalid     a source or a span of time
    │   └── SettingsInvalid      the daemon's configuration; it has all mistakes of the file
    ├── StoreError               has a Reason, for scripts
    │   ├── ObjectMissing        no such object, or no such bucket
    │   ├── ObjectChanged        another object has taken its name while we read
    │   ├── StoreDenied          the right is missing, or the keys are wrong
    │   └── StoreUnavailable     the only one worth asking again
    ├── ApiError                 the Logpush API's answer, or that there is none
    │   ├── ApiRefused           it heard us and said no; it has the code and status
    │   ├── ApiDenied            it does not take our credentials, or a right is missing
    │   └── ApiUnavailable       no answer; the same question may succeed later
    ├── LedgerError              what was seen and judged cannot be read or written
    │   ├── LedgerInvalid        not a ledger of ours, or not for us: a person is needed
    │   └── LedgerUnavailable    locked, full or not connected; worth asking again
    ├── WorkerLost               a worker process ended without an answer
    └── ResultLost               what was found could not be written

Bad data is never an exception but a Finding: an exception means that we could not look.
Messages name the thing and the remedy, and never show a secret.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar


class ReceiverError(Exception):
    """The root: whoever catches it catches all that this package raises on purpose."""


class ConfigError(ReceiverError):
    """The operator's input is wrong; the message names the part and the remedy."""


class DestinationInvalid(ConfigError):
    """A destination_conf that cannot be understood or used."""


class OptionsInvalid(ConfigError):
    """A logpull_options or output_options that no job can have."""


class JobInvalid(ConfigError):
    """A job's JSON that is not a job, or that lacks what verifying needs."""


class SelectionInvalid(ConfigError):
    """A source that names nothing we can read, or a span of time that makes no sense."""


class SettingsInvalid(ConfigError):
    """A configuration that the daemon cannot run by; `mistakes` are all that its file has."""

    def __init__(self, source: str, mistakes: Sequence[str]) -> None:
        count = f"{len(mistakes)} mistakes: " if len(mistakes) > 1 else ""
        super().__init__(f"{source}: {count}{'; '.join(mistakes)}")
        self.source = source
        self.mistakes = tuple(mistakes)


class Reason(StrEnum):
    """Why a store gave no answer, told apart as far as it says: for scripts, and for waiting."""

    OBJECT_MISSING = "object-missing"
    BUCKET_MISSING = "bucket-missing"
    OBJECT_CHANGED = "object-changed"
    OBJECT_ARCHIVED = "object-archived"
    LIST_DENIED = "list-denied"  # it knows who asks, and the right is not given
    READ_DENIED = "read-denied"
    WRITE_DENIED = "write-denied"
    KEYS_MISSING = "keys-missing"  # nothing says who asks
    KEYS_WRONG = "keys-wrong"  # unknown, or the signature is not theirs
    KEYS_EXPIRED = "keys-expired"
    REGION_WRONG = "region-wrong"
    SAS_EXPIRED = "sas-expired"
    SAS_EARLY = "sas-early"  # its beginning is still to come
    SAS_WRITE_ONLY = "sas-write-only"  # as Logpush's own is: it cannot read the token back
    SAS_WRONG = "sas-wrong"  # another key's or container's, altered, or revoked
    CLOCK_SKEW = "clock-skew"
    REFUSED = "refused"  # for a reason of its own
    UNAVAILABLE = "unavailable"

    @property
    def may_pass(self) -> bool:
        """Whether the same question may be answered soon: rights and keys take time to spread."""
        return self in _PASSING


_PASSING = frozenset(
    {
        Reason.OBJECT_MISSING,
        Reason.LIST_DENIED,
        Reason.READ_DENIED,
        Reason.KEYS_WRONG,
        Reason.SAS_EARLY,
        Reason.UNAVAILABLE,
    }
)


class StoreError(ReceiverError):
    """A store could not be asked or did not answer as it must.

    `right` is the one that is missing, in the cloud's own word ("s3:ListBucket"), where that is it.
    """

    usual: ClassVar[Reason] = Reason.REFUSED

    def __init__(self, message: str, *, reason: Reason | None = None, right: str = "") -> None:
        super().__init__(message)
        self.reason = reason or self.usual
        self.right = right


class ObjectMissing(StoreError):
    """There is no such object, or no such bucket."""

    usual = Reason.OBJECT_MISSING


class ObjectChanged(StoreError):
    """The object was replaced while it was read: what was read is of no use."""

    usual = Reason.OBJECT_CHANGED


class StoreDenied(StoreError):
    """The store refused us; the message names the permission to grant."""


class StoreUnavailable(StoreError):
    """The store did not answer, or broke off; the same question may succeed later."""

    usual = Reason.UNAVAILABLE


class ApiError(ReceiverError):
    """The Logpush API could not be asked, or its answer is none that we know.

    `status` is HTTP's and `code` the API's own, where it gave them; else 0. `reason` and `right`
    are for scripts, as a StoreError's are.
    """

    reason: ClassVar[str] = "api-answer"
    right: ClassVar[str] = ""

    def __init__(self, message: str, *, status: int = 0, code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ApiRefused(ApiError):
    """The API understood what was asked and refuses it: the same question has the same answer."""

    reason = "api-refused"


class ApiDenied(ApiError):
    """The API does not know who asks, or does not let them; the message names the remedy."""

    reason = "api-denied"
    right = "Logs: Write"  # every Logpush operation needs it, reading too


class ApiUnavailable(ApiError):
    """The API did not answer, or broke off; the same question may succeed later."""

    reason = "api-unavailable"


class LedgerError(ReceiverError):
    """The ledger could not be read or written; the message names it without its password."""


class LedgerInvalid(LedgerError):
    """Another program's database, a newer version's, a damaged one, or one that refuses us."""


class LedgerUnavailable(LedgerError):
    """Locked, full, or not connected: nothing was changed, or it is not known; ask again."""


class WorkerLost(ReceiverError):
    """A worker process ended before it answered."""


class ResultLost(ReceiverError):
    """What was found could not be written to where it was to go."""


def cause_of(group: ExceptionGroup[Exception]) -> Exception:
    """Return what ended a group of tasks first; what came of that is of no interest."""
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
