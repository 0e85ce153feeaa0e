"""A SAS by its own words: does it permit what Logpush needs, no more, and how long still.

Source: Logpush's page on Azure: an account SAS for blobs (ss=b), objects only (srt=o), with the
permission Write. Whether the signature holds, only the store knows.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from receiver.destination.azure import Sas, read_sas
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.words import line
from receiver.secret import Secret

SAS_DAYS_MIN: Final = 30
"""Fewer days left are a warning: a job gets its new SAS by hand, and by whoever may change jobs."""

_RENEW: Final = "Make a new SAS, and give the job a destination_conf with it."
_ASKED: Final = "Make an account SAS with ss=b, srt=o and sp=w."
_READERS: Final = "the role Storage Blob Data Reader, or a SAS with sp=rl of its own"
# To create and to append are parts of writing, which portals tick along with it.
_WRITING: Final = frozenset("wca")
_LETTERS: Final = re.compile("[A-Za-z]{1,20}")


def may_write(sas: Secret) -> bool:
    """Tell whether a SAS says that it may write."""
    return "w" in (read_sas(sas.reveal()).permissions or "")


def judge_sas(secret: Secret, now: datetime) -> Iterator[Checkup]:
    """Yield what there is to say: rights, kind, time, and what else it is bound to."""
    sas = read_sas(secret.reveal())
    yield _judge_rights(sas)
    yield from _judge_kind(sas)
    yield _judge_time(sas, now)
    if sas.protocol is not None and "https" not in sas.protocol.split(","):
        message = "it does not allow https (spr), by which Logpush comes"
        yield line("sas", Status.FAIL, message, _ASKED)
    if sas.ip is not None:
        message = "it allows certain addresses only (sip), and Logpush's must be among them"
        yield line("sas", Status.WARN, message, "Make one without sip, unless you keep track.")


def _judge_rights(sas: Sas) -> Checkup:
    said = sas.permissions
    if said is None:
        if sas.by_policy:
            message = "its rights are in a policy stored with the container, which is not read here"
            return line("sas", Status.UNKNOWN, message)
        return line("sas", Status.FAIL, "it names no permissions (sp)", _ASKED)
    shown = f"sp={said}" if _LETTERS.fullmatch(said) else "sp is not made of letters"
    if "w" not in said:
        lacks = "has no w" if _LETTERS.fullmatch(said) else "and has no w"
        return line("sas", Status.FAIL, f"Logpush cannot write with it ({shown} {lacks})", _ASKED)
    if set(said) - _WRITING:
        message = f"it permits more than to write ({shown}), to everybody who sees the conf"
        return line("sas", Status.WARN, message, f"{_ASKED} To read, take {_READERS}.")
    message = (
        f"it may write and nothing else ({shown}), as Logpush asks; so it cannot read a token or a "
        f"batch back: that takes {_READERS}"
    )
    return line("sas", Status.PASS, message)


def _judge_kind(sas: Sas) -> Iterator[Checkup]:
    """Yield what Logpush does not take, or takes and does not need."""
    if sas.resource is not None and sas.resource_types is None:
        message = "it is a SAS of one container or blob (sr), and Logpush asks for an account's"
        yield line("sas", Status.WARN, message, _ASKED)
        return
    if sas.resource_types is None and not sas.by_policy:
        message = "it does not say for what it is (srt), and Logpush asks for an account's, srt=o"
        yield line("sas", Status.WARN, message, _ASKED)
    if sas.resource_types is not None and sas.resource_types != "o":
        message = "Logpush refuses it: `signedResourceTypes must be Object only (srt=o)`"
        yield line("sas", Status.FAIL, message, _ASKED)
    if sas.services is not None and "b" not in sas.services:
        yield line("sas", Status.FAIL, "it is not for blobs (ss has no b)", _ASKED)
    elif sas.services not in {None, "b"}:
        yield line("sas", Status.WARN, "it is for more than blobs (ss is not b alone)", _ASKED)


def _judge_time(sas: Sas, now: datetime) -> Checkup:
    if sas.starts_at is not None and sas.starts_at > now:
        message = f"it is not valid before {_minute(sas.starts_at)}"
        return line("sas", Status.FAIL, message, "Make one that is valid now.")
    end = sas.expires_at
    if end is None:
        if sas.by_policy:
            message = "its end is in a policy stored with the container, which is not read here"
            return line("sas", Status.UNKNOWN, message)
        return line("sas", Status.WARN, "it has no end (se) that could be read", _RENEW)
    if end <= now:
        return line("sas", Status.FAIL, f"it expired at {_minute(end)}", _RENEW)
    left = (end - now) // timedelta(days=1)
    message = f"it is valid until {end.date()}, for {left:,} days more"
    if left < SAS_DAYS_MIN:
        return line("sas", Status.WARN, message, _RENEW)
    return line("sas", Status.PASS, message)


def _minute(time: datetime) -> str:
    """Write a time that may be of any year: strftime has no zeros before a short one."""
    return f"{time.date()} {time:%H:%M} UTC"
