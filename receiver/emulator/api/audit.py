"""The audit log: what is written of each action, and how it is read back.

The record's shape and the filters are documented (API specification, audit logs v1). The words
for a Logpush job in it are not: `resource.type` and the action's names are ours. The local
Logpush knows no zone's account and no zone's name: every account sees the actions on all zones,
and a zone's name is its id.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final, Literal

import msgspec

from receiver.destination.parse import parse_destination
from receiver.emulator.api.refusals import QUERY_INVALID, Refusal
from receiver.emulator.api.rules import Actor
from receiver.emulator.cloud import AuditEntry, Scope
from receiver.errors import DestinationInvalid
from receiver.secret import REDACTED

PER_PAGE_MAX: Final = 1000
_PER_PAGE: Final = 100
_PAGE_MAX: Final = 10**6
_RESOURCE: Final = "logpush_job"


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are asked for, in the API's own names where they can be ours."""

    id: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    action_type: str | None = None
    actor_email: str | None = None
    actor_ip: IPv4Network | IPv6Network | None = None  # an address is a network of one
    zone_name: str | None = None
    direction: Literal["asc", "desc"] = "desc"
    page: int = 1
    per_page: int = _PER_PAGE


def entry_of(
    action: Literal["create", "update", "delete"],
    scope: Scope,
    actor: Actor,
    *,
    now: datetime,
    job_id: int = 0,  # of a job to be created: the State puts it in
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Return an action's entry; no secret is in its values."""
    return AuditEntry(
        id=str(uuid.uuid4()),
        when=now,
        scope=scope,
        action=action,
        actor_email=actor.email,
        actor_id=actor.id,
        actor_ip=actor.ip,
        interface="API",
        job_id=job_id,
        old_value=_shown(old),
        new_value=_shown(new),
    )


def read_query(given: Mapping[str, str]) -> AuditQuery:
    """Read the filters; unknown ones pass unread.

    Raises:
        Refusal: a time, a number or a direction that is none.
    """
    direction = given.get("direction", "desc")
    if direction not in {"asc", "desc"}:
        raise Refusal(QUERY_INVALID, "`direction` is asc or desc")
    return AuditQuery(
        id=given.get("id"),
        since=_time(given, "since"),
        before=_time(given, "before"),
        action_type=given.get("action.type"),
        actor_email=given.get("actor.email"),
        actor_ip=_network(given, "actor.ip"),
        zone_name=given.get("zone.name"),
        direction="asc" if direction == "asc" else "desc",
        page=_number(given, "page", default=1, most=_PAGE_MAX),
        per_page=_number(given, "per_page", default=_PER_PAGE, most=PER_PAGE_MAX),
    )


def page_of(
    entries: Sequence[AuditEntry], query: AuditQuery, account: Scope
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return one page of the entries, and its `result_info`."""
    found = [each for each in entries if _is_visible(each, account) and _passes(each, query)]
    if query.direction == "desc":
        found.reverse()
    first = (query.page - 1) * query.per_page
    page = [_record(each, account) for each in found[first : first + query.per_page]]
    info = {"page": query.page, "per_page": query.per_page, "count": len(page)}
    return page, info | {"total_count": len(found)}


def _is_visible(entry: AuditEntry, account: Scope) -> bool:
    return entry.scope.kind == "zones" or entry.scope == account


def _passes(entry: AuditEntry, query: AuditQuery) -> bool:
    zone = entry.scope.id if entry.scope.kind == "zones" else ""
    asked = (
        (query.id, entry.id),
        (query.action_type, entry.action),
        (query.actor_email, entry.actor_email),
        (query.zone_name, zone),
    )
    return (
        all(wanted is None or wanted.lower() == is_.lower() for wanted, is_ in asked)
        and (query.actor_ip is None or _is_from(entry, query.actor_ip))
        and (query.since is None or entry.when >= query.since)
        and (query.before is None or entry.when < query.before)
    )


def _is_from(entry: AuditEntry, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(entry.actor_ip) in network
    except ValueError:  # nobody knows from where
        return False


def _record(entry: AuditEntry, account: Scope) -> dict[str, Any]:
    zone = {"zone_id": entry.scope.id, "zone_name": entry.scope.id}
    return {
        "action": {"type": entry.action, "result": entry.successful},
        "actor": {
            "id": entry.actor_id,
            "email": entry.actor_email,
            "ip": entry.actor_ip,
            "type": "user",
        },
        "id": entry.id,
        "interface": entry.interface,
        "metadata": zone if entry.scope.kind == "zones" else {},
        "newValue": entry.new_value,
        "oldValue": entry.old_value,
        "owner": {"id": account.id},
        "resource": {"id": str(entry.job_id), "type": _RESOURCE},
        "when": entry.when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def _shown(fields: Mapping[str, Any] | None) -> str:
    """Write a job's fields without what is secret in them; its id is the entry's."""
    if fields is None:
        return ""
    shown = {name: value for name, value in fields.items() if name != "id"}
    shown["destination_conf"] = _shown_conf(fields["destination_conf"])
    return msgspec.json.encode(shown).decode()


def _shown_conf(conf: str) -> str:
    try:
        return str(parse_destination(conf))
    except DestinationInvalid:
        return REDACTED


def _time(given: Mapping[str, str], name: str) -> datetime | None:
    """Read RFC 3339, or a day."""
    text = given.get(name)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text.replace(" ", "+"))  # a bare + of a query is a blank
    except ValueError:
        raise Refusal(QUERY_INVALID, f"`{name}` is a time, as 2026-11-22T10:00:00Z") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _network(given: Mapping[str, str], name: str) -> IPv4Network | IPv6Network | None:
    """Read an address, or a network in CIDR."""
    text = given.get(name)
    try:
        return None if text is None else ip_network(text, strict=False)
    except ValueError:
        raise Refusal(QUERY_INVALID, f"`{name}` is an address or a network: 192.0.2.0/24") from None


def _number(given: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= most):
        raise Refusal(QUERY_INVALID, f"`{name}` is a number from 1 to {most:,}")
    return int(text)
