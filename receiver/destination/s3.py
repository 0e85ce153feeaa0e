"""s3:// (Amazon's and every endpoint that speaks S3) and r2://."""

import re
from typing import Final

from receiver.destination.destination import Destination
from receiver.destination.parts import Parts, bucket_of, folder_of, is_host, notes_on_folder
from receiver.destination.query import known_parameters
from receiver.secret import Secret

_KEYS: Final = ("access-key-id", "secret-access-key")
_S3_PARAMETERS: Final = frozenset({"region", "sse", "endpoint", *_KEYS})
_R2_PARAMETERS: Final = ("account-id", *_KEYS)
_SSE: Final = "AES256"  # the only value that is documented
_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")  # a host is made of it: no dots
_TEST_HOST: Final = re.compile(r"http://(127\.[0-9.]+|\[::1\]|[A-Za-z0-9-]+)(:[0-9]{1,5})?")


def read_s3(parts: Parts) -> Destination:
    """Read `s3://bucket/[dir]?region=[&sse=AES256][&access-key-id=&secret-access-key=][&endpoint=]`.

    Without a region it can still be read back, since reading finds it: a note says so.
    """
    found = known_parameters(parts, _S3_PARAMETERS)
    given = [name for name in _KEYS if name in found]
    if len(given) == 1:
        raise parts.invalid(f"`{given[0]}` is given alone; {_KEYS[0]} and {_KEYS[1]} go together")
    notes = parts.notes + notes_on_folder(parts.path) + _note_plus(parts)
    region, endpoint, sse = found.get("region"), found.get("endpoint"), found.get("sse")
    if region is None:
        notes += ("no region is named: a job needs `region=`, reading finds it out",)
    elif not _REGION.fullmatch(region):
        raise parts.invalid("`region` is not the name of a region, such as eu-west-1")
    if sse not in {None, _SSE}:
        raise parts.invalid(f"`sse` can only be {_SSE}")
    if endpoint is not None:
        notes += _judge_endpoint(parts, endpoint)
        if not given:
            notes += (f"`endpoint` without {_KEYS[0]} and {_KEYS[1]}: a job needs them",)
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket=bucket_of(parts),
        path=folder_of(parts.path),
        region=region,
        endpoint=endpoint,
        sse=sse,
        access_key_id=Secret(found[_KEYS[0]]) if given else None,
        secret_access_key=Secret(found[_KEYS[1]]) if given else None,
        notes=notes,
    )


def read_r2(parts: Parts) -> Destination:
    """Read `r2://bucket/path?account-id=&access-key-id=&secret-access-key=`; it needs all three."""
    found = known_parameters(parts, frozenset(_R2_PARAMETERS))
    missing = [name for name in _R2_PARAMETERS if name not in found]
    if missing:
        raise parts.invalid(f"`{missing[0]}` is missing; r2 needs {', '.join(_R2_PARAMETERS)}")
    if not _ACCOUNT_ID.fullmatch(found["account-id"]):
        raise parts.invalid("`account-id` is not an account's id: letters and digits only")
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket=bucket_of(parts),
        path=folder_of(parts.path),
        account=found["account-id"],
        access_key_id=Secret(found[_KEYS[0]]),
        secret_access_key=Secret(found[_KEYS[1]]),
        notes=parts.notes + notes_on_folder(parts.path) + _note_plus(parts),
    )


def _judge_endpoint(parts: Parts, endpoint: str) -> tuple[str, ...]:
    """Judge `endpoint`, a host; a test server on this machine or network may say http://."""
    if _TEST_HOST.fullmatch(endpoint) and is_host(endpoint.removeprefix("http://")):
        return ("`endpoint` begins with http://: good for a test server, a job needs a bare host",)
    if "://" in endpoint:
        raise parts.invalid("`endpoint` has a scheme; write the host alone")
    if "/" in endpoint:
        raise parts.invalid(
            "`endpoint` has a path; write the host alone, the path after the bucket"
        )
    if not is_host(endpoint):
        raise parts.invalid("`endpoint` is not a host")
    if endpoint.startswith(f"{parts.authority}."):
        return ("`endpoint` begins with the bucket's name: it is the host without the bucket",)
    return ()


def _note_plus(parts: Parts) -> tuple[str, ...]:
    """Note a bare `+`: we take it as it is, others take it for a blank."""
    if parts.query and "+" in parts.query.reveal():
        return ("a parameter holds a bare `+`: write %2B to be sure",)
    return ()
