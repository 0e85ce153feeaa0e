"""Destinations that are known, and where nothing that we read can be pushed or read back."""

from receiver.destination.destination import Destination, Scheme
from receiver.destination.http import note_on_date
from receiver.destination.parts import Parts, bucket_of, host_of
from receiver.destination.query import passed_on
from receiver.secret import Secret


def read_known(parts: Parts) -> Destination:
    """Read ibmcl, kinesis, bq and wss as far as telling two of them apart needs."""
    named = {Scheme.KINESIS: "stream", Scheme.BIGQUERY: "projects"}.get(parts.scheme)
    path, secret = parts.path, None
    if parts.scheme is Scheme.WSS:  # whoever knows the session can read its records
        folder, slash, session = parts.path.rpartition("/")
        path, secret = folder + slash, Secret(session)
    headers, parameters = passed_on(parts)
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket=bucket_of(parts, word=named) if named else host_of(parts),
        path=path,
        path_secret=secret or None,
        headers=headers,
        parameters=parameters,
        notes=(*parts.notes, *note_on_date(parts)),
    )
