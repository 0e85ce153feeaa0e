"""gs://: a bucket and a folder, and no parameters."""

from receiver.destination.destination import Destination
from receiver.destination.parts import Parts, bucket_of, folder_of, notes_on_folder
from receiver.destination.query import known_parameters


def read_gcs(parts: Parts) -> Destination:
    """Read `gs://bucket/[dir]`."""
    known_parameters(parts, frozenset())
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket=bucket_of(parts),
        path=folder_of(parts.path),
        notes=parts.notes + notes_on_folder(parts.path),
    )
