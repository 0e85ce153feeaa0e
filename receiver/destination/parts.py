"""A destination_conf cut into its parts, before anything of one scheme is known."""

import re
from typing import Final

import msgspec

from receiver.destination.day import DATE, DATE_IN_DOCUMENTS, other_tokens
from receiver.destination.destination import Scheme
from receiver.errors import DestinationInvalid
from receiver.secret import Secret

_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?"
)
_PORT_MAX: Final = 65535
# A parameter in the path: the `?` before the first was forgotten, and a secret would be shown.
_PARAMETER_IN_PATH: Final = re.compile(
    r"(?:access-key-id|secret-access-key)="
    r"|&(?:region|sse|endpoint|account-id|credentials|ibm_api_key"
    r"|s[a-z]{1,3}|header_[^=/]*|[A-Za-z_-]*(?:key|token|secret)[A-Za-z_-]*)=",
    re.IGNORECASE,
)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """`scheme://authority/path?query`; the path without the slash that begins it."""

    conf: Secret
    scheme: Scheme
    authority: str
    path: str
    query: Secret | None  # raw; None where there is no `?` or nothing follows it
    notes: tuple[str, ...] = ()

    def invalid(self, reason: str) -> DestinationInvalid:
        """Build the error: `reason` names the part and the remedy, and quotes no value."""
        return DestinationInvalid(f"destination_conf {self.scheme}://...: {reason}")


def cut(conf: str, scheme: Scheme) -> Parts:
    """Cut at the first `?` and the first `/` after the scheme.

    Raises:
        DestinationInvalid: a fragment, or a user and password; or parameters without their `?`.
    """
    address, _, query = conf.partition("://")[2].partition("?")
    authority, _, path = address.partition("/")
    parts = Parts(
        conf=Secret(conf),
        scheme=scheme,
        authority=authority,
        path=path,
        query=Secret(query) if query else None,
    )
    if "#" in conf:
        raise parts.invalid("it holds a `#`, and what follows would be lost; write %23")
    if "@" in authority:
        raise parts.invalid(
            "a user or a key stands before the host with an `@`; secrets are given as parameters"
        )
    if "&amp;" in conf or "\\u0026" in conf:
        raise parts.invalid("an `&` is written in another format's escape; write `&` itself")
    if _PARAMETER_IN_PATH.search(address):
        raise parts.invalid("a parameter stands in the path; the first one follows a `?`")
    return parts


def bucket_of(parts: Parts, *, word: str = "bucket") -> str:
    """Return the authority as a bucket's name, judged by its letters only.

    Clouds differ in what else they refuse, and say so themselves. The name is not quoted:
    where a `?` was forgotten it is a secret.
    """
    if not parts.authority:
        raise parts.invalid(f"the {word} is missing; write {parts.scheme}://{word}/path")
    wrong = re.search(r"[^A-Za-z0-9._-]", parts.authority)
    if wrong:
        raise parts.invalid(f"the {word}'s name holds {wrong.group()!r}, which none can have")
    return parts.authority


def host_of(parts: Parts) -> str:
    """Return the authority as a host in small letters, with its port if it has one."""
    if not parts.authority:
        raise parts.invalid(f"the host is missing; write {parts.scheme}://host/path")
    if not is_host(parts.authority):
        raise parts.invalid("the host is not a name or an address with an optional port")
    return parts.authority.lower()


def is_host(text: str) -> bool:
    """Tell whether it is a host's name or address, perhaps with a port."""
    match = _HOST.fullmatch(text)
    return match is not None and 0 < int(match.group(1) or 1) <= _PORT_MAX


def folder_of(path: str) -> str:
    """Return a stored destination's path as Logpush's keys begin with it.

    It is kept as it is written, double slashes and all, for so the keys are named; a destination
    is a folder, so it ends in a slash.
    """
    folder = path.replace(DATE_IN_DOCUMENTS, DATE)
    return folder if not folder or folder.endswith("/") else f"{folder}/"


def notes_on_tokens(path: str) -> tuple[str, ...]:
    """Say which tokens of a path are not written as Logpush has them."""
    notes = [
        f"`{token}` is no token of Logpush's: it stays in the keys as it is"
        for token in other_tokens(path)
    ]
    if DATE_IN_DOCUMENTS in path:
        notes.insert(0, f"{DATE_IN_DOCUMENTS} is read as {DATE}: write {DATE} in the job")
    return tuple(notes)


def notes_on_folder(path: str) -> tuple[str, ...]:
    """Say what is unusual in the path of a bucket and is kept all the same."""
    notes = []
    if re.search("%[0-9A-Fa-f]{2}", path):
        notes.append("the path holds a percent escape: it is read as written, not decoded")
    if {".", ".."} & set(path.split("/")):
        notes.append("the path holds `.` or `..`: in a bucket these are names like any other")
    if path.startswith("/") or "//" in path:
        notes.append("the path holds an empty folder name (`//`), and so will the keys")
    return (*notes_on_tokens(path), *notes)
