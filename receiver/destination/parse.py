"""A destination_conf -> a Destination: the one way in, whatever the scheme."""

import difflib
import re
from collections.abc import Callable
from typing import Final

import msgspec

from receiver.destination.azure import read_azure
from receiver.destination.day import misuses
from receiver.destination.destination import Destination, Scheme
from receiver.destination.gcs import read_gcs
from receiver.destination.http import read_http, read_sumo
from receiver.destination.known import read_known
from receiver.destination.local import read_local
from receiver.destination.parts import Parts, cut
from receiver.destination.s3 import read_r2, read_s3
from receiver.errors import DestinationInvalid

CONF_CHARS_MAX: Final = 4096
"""A longer one is no destination_conf: the API's own maxLength."""

_READERS: Final[dict[Scheme, Callable[[Parts], Destination]]] = {
    Scheme.S3: read_s3,
    Scheme.R2: read_r2,
    Scheme.GS: read_gcs,
    Scheme.AZURE: read_azure,
    Scheme.FILE: read_local,
    Scheme.SUMO: read_sumo,
    Scheme.HTTPS: read_http,
    Scheme.SPLUNK: read_http,
    Scheme.DATADOG: read_http,
    Scheme.SENTINELONE: read_http,
    Scheme.IBMCL: read_known,
    Scheme.KINESIS: read_known,
    Scheme.BIGQUERY: read_known,
    Scheme.WSS: read_known,
}
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,15})://")
_OTHER_NAMES: Final = {
    "s3a": Scheme.S3,
    "s3n": Scheme.S3,
    "gcs": Scheme.GS,
    "az": Scheme.AZURE,
    "abfs": Scheme.AZURE,
    "abfss": Scheme.AZURE,
    "wasb": Scheme.AZURE,
    "wasbs": Scheme.AZURE,
    "blob": Scheme.AZURE,
    "http": Scheme.HTTPS,
    "bigquery": Scheme.BIGQUERY,
    "ws": Scheme.WSS,
}


def parse_destination(conf: str) -> Destination:
    """Understand a destination_conf; what is unusual and clear all the same becomes a note.

    Raises:
        DestinationInvalid: names the part that is wrong and the remedy, and shows no secret.
    """
    _refuse_text(conf)
    written = _SCHEME.match(conf)
    if not written:
        raise DestinationInvalid(
            "destination_conf: it does not begin with a scheme;"
            " write s3://bucket/path, file:///folder or the like"
        )
    scheme = _known_scheme(written.group(1))
    parts = cut(conf, scheme)
    misused = misuses(conf)
    if misused:
        raise parts.invalid("; ".join(misused))
    if written.group(1) != scheme:
        note = f"the scheme is written in capitals: write {scheme}:// in the job"
        parts = msgspec.structs.replace(parts, notes=(note,))
    return _READERS[scheme](parts)


def looks_like_conf(text: str) -> bool:
    """Tell whether a text is meant as a destination_conf: it begins with a scheme that we know."""
    return text.strip().partition("://")[0].lower() in _READERS and "://" in text


def _refuse_text(conf: str) -> None:
    """Raise where the text can be no destination_conf, whatever its scheme."""
    reason = None
    if not conf.strip():
        reason = "it is empty; write s3://bucket/path or the like"
    elif conf != conf.strip():
        reason = "it begins or ends with a blank or a line break; remove it"
    elif len(conf) > CONF_CHARS_MAX:
        reason = f"it is longer than {CONF_CHARS_MAX} characters, which the API refuses"
    elif not conf.isprintable():
        reason = "it holds a character that cannot be seen, such as a line break; remove it"
    elif conf[0] in "\"'":
        reason = "it begins with a quotation mark; remove the quotation marks"
    if reason:
        raise DestinationInvalid(f"destination_conf: {reason}")


def _known_scheme(written: str) -> Scheme:
    """Return the scheme; the error for an unknown one says which may be meant."""
    name = written.lower()
    if name in _READERS:
        return Scheme(name)
    near = difflib.get_close_matches(name, list(_READERS), n=1)
    meant = _OTHER_NAMES.get(name) or (near[0] if near else None)
    remedy = f"write {meant}://" if meant else f"Logpush has {', '.join(_READERS)}"
    raise DestinationInvalid(f"destination_conf: {written}:// is not a scheme of Logpush; {remedy}")
