"""azure://: an account's host, a container, a folder; and what a SAS permits, and until when."""

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

import msgspec

from receiver.destination.destination import Destination
from receiver.destination.parts import Parts, folder_of, host_of, notes_on_folder

_CONTAINER: Final = re.compile(r"\$?[A-Za-z0-9][A-Za-z0-9_-]*")
_ADDRESS: Final = re.compile(r"(?:localhost|[0-9.]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")
_FORM: Final = "azure://<account>.blob.core.windows.net/<container>/path?<SAS>"
_SAS_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?Z)?", re.ASCII)


class Sas(msgspec.Struct, frozen=True, kw_only=True):
    """What a shared access signature says of itself; the signature is left out.

    The letters are Azure's own. Source: Microsoft, "Create an account SAS", "... a service SAS".
    """

    permissions: str | None  # sp: letters, r read, l list, w write ...
    resource: str | None  # sr, of a service SAS: c container, b blob, d directory
    resource_types: str | None  # srt, of an account SAS: s service, c container, o object
    services: str | None  # ss, of an account SAS: b blob ...
    starts_at: datetime | None  # st
    expires_at: datetime | None  # se
    ip: str | None  # sip: an address or two with a dash between
    protocol: str | None  # spr: "https" or "https,http"
    by_policy: bool  # si: a policy kept in the container may say the rest

    @property
    def can_read(self) -> bool:
        """Whether it lets blobs be read; where a policy has the say, it is worth a try."""
        return self._permits("r", account="o", service="cbd")

    @property
    def can_list(self) -> bool:
        """Whether it lets blobs be listed; where a policy has the say, it is worth a try."""
        return self._permits("l", account="c", service="c")

    def expired(self, now: datetime) -> bool:
        """Whether its end is past; no end is no expiry."""
        return self.expires_at is not None and self.expires_at <= now

    def _permits(self, permission: str, *, account: str, service: str) -> bool:
        if self.permissions is None:
            return self.by_policy
        if self.resource_types is not None:
            level = account in self.resource_types and "b" in (self.services or "")
        else:
            level = self.resource is not None and self.resource in service
        return level and permission in self.permissions


def read_sas(query: str) -> Sas:
    """Read a SAS's query string; what it does not say, or says in no form we know, is None."""
    pairs = (item.partition("=") for item in query.removeprefix("?").split("&"))
    said = {name: unquote(value) for name, _, value in pairs if value}
    return Sas(
        permissions=said.get("sp"),
        resource=said.get("sr"),
        resource_types=said.get("srt"),
        services=said.get("ss"),
        starts_at=_read_time(said.get("st", "")),
        expires_at=_read_time(said.get("se", "")),
        ip=said.get("sip"),
        protocol=said.get("spr"),
        by_policy="si" in said,
    )


def read_azure(parts: Parts) -> Destination:
    """Read `azure://<account's host>/<container>/[dir]?<SAS>`, or the old `azure://<container>/...`.

    The SAS stays byte for byte as it is: its signature is over what it says.
    """
    account, container, path, notes = _address(parts)
    if not _CONTAINER.fullmatch(container):
        raise parts.invalid(
            f"the container is missing or has a letter that none has; write {_FORM}"
        )
    return Destination(
        conf=parts.conf,
        scheme=parts.scheme,
        bucket=container,
        path=folder_of(path),
        account=account,
        sas=parts.query,
        notes=(*parts.notes, *notes, *notes_on_folder(path), *_judge_sas(parts)),
    )


def _address(parts: Parts) -> tuple[str | None, str, str, tuple[str, ...]]:
    """Return the account's host, the container, the path, and notes on these."""
    if not re.search(r"[.:]", parts.authority) and parts.authority != "localhost":
        note = f"it says no account host, so the usual account is taken; a job needs {_FORM}"
        return None, parts.authority, parts.path, (note,)
    host = host_of(parts)
    if ".dfs." in host:
        raise parts.invalid("the host is a Data Lake's (.dfs.); write the account's .blob. host")
    container, _, path = parts.path.partition("/")
    if not _ADDRESS.fullmatch(host):
        return host, container, path, ()
    # An account without a name of its own, as test servers have it, is the path's first segment.
    account, (container, _, path) = container, path.partition("/")
    return f"{host}/{account}", container, path, ("the account is one of a test server",)


def _judge_sas(parts: Parts) -> tuple[str, ...]:
    """Refuse what is no SAS; note what Logpush would refuse. No parameters at all is a note.

    A conf without them is good for reading by other means.
    """
    if parts.query is None:
        return ("it has no SAS: a job needs one, reading takes the usual credentials",)
    query = parts.query.reveal()
    if not re.search(r"(?:^|&)sig=[^&]", query):
        raise parts.invalid("the SAS has no signature (`sig=`); copy the whole SAS after the `?`")
    types = read_sas(query).resource_types
    if types is not None and types != "o":
        return ("the SAS is not for objects only: Logpush asks for srt=o",)
    return ()


def _read_time(text: str) -> datetime | None:
    """Read one of the ISO 8601 forms that a SAS may have, always UTC."""
    if not _SAS_TIME.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC)
