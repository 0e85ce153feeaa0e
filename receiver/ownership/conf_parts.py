"""Two destination_confs that are not one and the same, held against each other part by part.

The API wants them equal to the letter. Names of parameters are shown and their values are not,
but for those that a Destination shows too.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

import msgspec

from receiver.destination.day import DATE, DATE_IN_DOCUMENTS
from receiver.destination.destination import Destination, Scheme
from receiver.secret import REDACTED

EXACTLY: Final = "Make the challenge for exactly the job's destination_conf, to the letter."
_DATE_STAYS: Final = "{DATE} stays as it is in both: it is not filled in."
_RENEWED: Final = "If the job's has been renewed, it needs a new challenge."

# Documented for Logpush, and a SAS's (Azure's, two to five letters); another name may be a secret.
_NAME: Final = re.compile(
    r"region|sse|endpoint|account-id|access-key-id|secret-access-key|header_[A-Za-z-]{1,40}"
    r"|channel|insecure-skip-verify|sourcetype|tags|ddsource|service|host|ddtags|Api-Key|format"
    r"|s[a-z]{1,4}"
)
_BUCKET_WORDS: Final = {Scheme.AZURE: "container", Scheme.FILE: "folder"}


class Unlike(msgspec.Struct, frozen=True, kw_only=True):
    """One part in which two confs differ; shows no secret."""

    said: str
    wanted: str
    remedy: str = EXACTLY


def unlike_parts(said: Destination, wanted: Destination) -> tuple[Unlike, ...]:
    """Say in which parts the token's destination_conf differs from the job's; always in one."""
    if said.scheme is not wanted.scheme:
        return (Unlike(said=str(said), wanted=str(wanted)),)
    parts = (*_unlike_address(said, wanted), *_unlike_parameters(said, wanted))
    return parts or (Unlike(said="the same, written in another way", wanted="as the job has it"),)


def _unlike_address(said: Destination, wanted: Destination) -> Iterator[Unlike]:
    alike = True
    for word, one, other in (
        ("account", said.account, wanted.account),
        (_BUCKET_WORDS.get(said.scheme, _bucket_word(said)), said.bucket, wanted.bucket),
        ("path", said.path, wanted.path),
    ):
        if one != other and not (word == "account" and said.scheme is Scheme.R2):  # a parameter
            alike = False
            yield Unlike(
                said=f"{word} {one or '(none)'}",
                wanted=f"{word} {other or '(none)'}",
                remedy=_remedy(said, wanted) if word != "account" else EXACTLY,
            )
    if said.path_secret != wanted.path_secret:
        alike = False
        yield Unlike(said=f"another {REDACTED} in the path", wanted="the job's", remedy=_RENEWED)
    one, other = _address(said), _address(wanted)
    if alike and one != other:
        yield _written_unlike(one, other)


def _bucket_word(destination: Destination) -> str:
    return "bucket" if destination.stored else "host"


def _remedy(said: Destination, wanted: Destination) -> str:
    return f"{EXACTLY} {_DATE_STAYS}" if said.dated or wanted.dated else EXACTLY


def _written_unlike(one: str, other: str) -> Unlike:
    """Name what makes two addresses differ that mean the same."""
    if one.rstrip("/") == other.rstrip("/"):
        return Unlike(said=_slash(one), wanted=_slash(other))
    if one.replace(DATE_IN_DOCUMENTS, DATE) == other.replace(DATE_IN_DOCUMENTS, DATE):
        return Unlike(said=_token(one), wanted=_token(other))
    if one.lower() == other.lower():
        return Unlike(said="other capitals", wanted="as the job has it")
    return Unlike(said="the address written in another way", wanted="as the job has it")


def _slash(address: str) -> str:
    return "a slash at the path's end" if address.endswith("/") else "no slash at the path's end"


def _token(address: str) -> str:
    return DATE_IN_DOCUMENTS if DATE_IN_DOCUMENTS in address else DATE


def _unlike_parameters(said: Destination, wanted: Destination) -> Iterator[Unlike]:
    one, other = _parameters(said), _parameters(wanted)
    missing = [name for name in other if name not in one]
    extra = [name for name in one if name not in other]
    changed = [name for name in one if name in other and one[name] != other[name]]
    escaped = [name for name in changed if _plain(one[name]) == _plain(other[name])]
    changed = [name for name in changed if name not in escaped]
    if missing:
        yield Unlike(said=f"no parameter {_names(missing)}", wanted=f"with {_names(missing)}")
    if extra:
        yield Unlike(said=f"with parameter {_names(extra)}", wanted=f"no {_names(extra)}")
    for name in changed:
        if name in {"region", "endpoint", "sse"}:
            one_shown, other_shown = (getattr(each, name) for each in (said, wanted))
            yield Unlike(said=f"`{name}` {one_shown}", wanted=f"`{name}` {other_shown}")
    hidden = [name for name in changed if name not in {"region", "endpoint", "sse"}]
    if hidden:
        yield Unlike(
            said=f"another value of {_names(hidden)}",
            wanted="the job's",
            remedy=f"{EXACTLY} {_RENEWED}",
        )
    if escaped:
        yield Unlike(said=f"{_names(escaped)} with other % escapes", wanted="as the job has it")
    if one == other and list(_items(said)) != list(_items(wanted)):
        yield Unlike(said="the parameters in another order", wanted="in the job's order")


def _parameters(destination: Destination) -> dict[str, list[str]]:
    """Return the values of each parameter, as they are written."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in _items(destination):
        name, _, value = item.partition("=")
        found[name if value.strip("=") else ""].append(value if value.strip("=") else item)
    return dict(found)


def _items(destination: Destination) -> Iterator[str]:
    query = destination.conf.reveal().partition("?")[2]
    return (item for item in query.split("&") if item)


def _address(destination: Destination) -> str:
    return destination.conf.reveal().partition("?")[0]


def _plain(values: list[str]) -> list[str]:
    return [unquote(value) for value in values]


def _names(names: list[str]) -> str:
    """Name parameters, as far as they are known."""
    known = [f"`{name}`" for name in names if _NAME.fullmatch(name)]
    return ", ".join(known if len(known) == len(names) else [*known, "one that is not known"])
