"""The fields that a job delivers when it names none."""

from receiver.job.catalogue import Dataset


def default_fields(dataset: Dataset) -> tuple[str, ...]:
    """Return the documented default fields; where no document gives them, a choice of ours.

    Ours are all documented fields but the deprecated ones. What Cloudflare delivers there is
    unknown, and so a verifier has nothing to say of it.
    """
    if dataset.default_fields is not None:
        return dataset.default_fields
    return tuple(name for name in dataset.fields if name not in dataset.deprecated)
