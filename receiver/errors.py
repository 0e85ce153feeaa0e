"""What can go wrong outside of the data, as one tree.

    ReceiverError
    ├── ConfigError              the operator's input; retrying cannot help
    │   ├── DestinationInvalid   a destination_conf
    │   ├── OptionsInvalid       logpull_options or output_options
    │   ├── JobInvalid           a job's JSON
    │   └── SelectionInvalid     a source or a span of time
    ├── StoreError
    │   ├── ObjectMissing        no such object, or no such bucket
    │   ├── ObjectChanged        another object has taken its name while we read
    │   ├── StoreDenied          the right is missing, or the keys are wrong
    │   └── StoreUnavailable     the only one worth asking again
    ├── WorkerLost               a worker process ended without an answer
    └── ResultLost               what was found could not be written

Bad data is never an exception but a Finding: an exception means that we could not look.
Messages name the thing and the remedy, and never show a secret.
"""


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


class StoreError(ReceiverError):
    """A store could not be asked or did not answer as it must."""


class ObjectMissing(StoreError):
    """There is no such object, or no such bucket."""


class ObjectChanged(StoreError):
    """The object was replaced while it was read: what was read is of no use."""


class StoreDenied(StoreError):
    """The store refused us; the message names the permission to grant."""


class StoreUnavailable(StoreError):
    """The store did not answer, or broke off; the same question may succeed later."""


class WorkerLost(ReceiverError):
    """A worker process ended before it answered."""


class ResultLost(ReceiverError):
    """What was found could not be written to where it was to go."""
