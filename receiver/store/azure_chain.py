"""Azure's usual chain: what its own programs take from the environment, or an identity.

In this order: AZURE_STORAGE_CONNECTION_STRING; AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, which
may name their account in AZURE_STORAGE_ACCOUNT; an identity, as azure-identity finds one.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from azure.core.credentials import AzureSasCredential

from receiver.destination.destination import Destination
from receiver.errors import DestinationInvalid
from receiver.secret import Secret

IDENTITY_SECONDS: Final = 20.0
"""Finding an identity may start programs (az, pwsh) and ask a metadata server that is not there."""

SCOPE: Final = "https://storage.azure.com/.default"

ACCOUNT: Final = "AZURE_STORAGE_ACCOUNT"
CONNECTION_STRING: Final = "AZURE_STORAGE_CONNECTION_STRING"
KEY: Final = "AZURE_STORAGE_KEY"
SAS_TOKEN: Final = "AZURE_STORAGE_SAS_TOKEN"  # noqa: S105 (a variable's name)
IDENTITY: Final = "the identity found (environment, workload, managed identity or az login)"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A storage account and where it answers."""

    name: str
    endpoint_url: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A credential for the driver, and what an error calls it."""

    source: str
    credential: Any
    sas: Secret | None = None


class _Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection string understood."""

    account: Account
    key: Secret | None
    sas: Secret | None


def find_account(destination: Destination, endpoint_url: str | None) -> Account:
    """Return the account that a destination means.

    Its host is in the conf; the old short form has none and takes AZURE_STORAGE_ACCOUNT's, or the
    connection string's. `endpoint_url` takes the place of the account's address, and so does a
    connection string of the same account: it may name an emulator or a private endpoint.

    Raises:
        DestinationInvalid: no account is named anywhere.
    """
    connection = _connection()
    host, _, in_path = (destination.account or "").partition("/")  # a test server's: host/account
    name = in_path or host.split(".")[0] or os.environ.get(ACCOUNT, "")
    if not name and connection:
        name = connection.account.name
    if not name:
        raise DestinationInvalid(
            f"azure://{destination.bucket}: no account is named; write "
            f"azure://<account>.blob.core.windows.net/{destination.bucket}/..., or set {ACCOUNT}"
        )
    if endpoint_url:
        return Account(name=name, endpoint_url=endpoint_url.rstrip("/"))
    if connection and connection.account.name == name:
        return connection.account
    if in_path:
        return Account(name=name, endpoint_url=f"http://{host}/{name}")
    return Account(name=name, endpoint_url=f"https://{host or name + '.blob.core.windows.net'}")


async def find_usual(account: Account, opened: AsyncExitStack) -> Found | tuple[str, ...]:
    """Return the first credential of the chain that is for this account, or what was looked for."""
    looked_for = []
    connection = _connection()
    if (
        connection
        and connection.account.name == account.name
        and (connection.key or connection.sas)
    ):
        return _found(CONNECTION_STRING, account, key=connection.key, sas=connection.sas)
    looked_for.append(CONNECTION_STRING + (" (is another account's)" if connection else ""))
    for variable in (KEY, SAS_TOKEN):
        value = os.environ.get(variable)
        if value and os.environ.get(ACCOUNT, account.name) == account.name:
            secret = Secret(value)
            if variable == KEY:
                return _found(variable, account, key=secret, sas=None)
            return _found(variable, account, key=None, sas=secret)
        looked_for.append(variable + (f" ({ACCOUNT} is another)" if value else ""))
    if not account.endpoint_url.startswith("https://"):
        looked_for.append("no identity, for its token goes over https only")
        return tuple(looked_for)
    said = await _find_identity(opened)
    if isinstance(said, Found):
        return said
    return (*looked_for, f"an identity ({said})")


async def _find_identity(opened: AsyncExitStack) -> Found | str:
    """Return the identity of this machine or person, shown to work, or why there is none."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity.aio import DefaultAzureCredential

    credential = await opened.enter_async_context(DefaultAzureCredential())
    try:
        async with asyncio.timeout(IDENTITY_SECONDS):
            await credential.get_token(SCOPE)
    except TimeoutError:
        return f"not found within {IDENTITY_SECONDS:g} s"
    except ClientAuthenticationError:
        return "environment, workload, managed identity, az login: none"
    return Found(source=IDENTITY, credential=credential)


def _found(source: str, account: Account, *, key: Secret | None, sas: Secret | None) -> Found:
    if key:
        named = {"account_name": account.name, "account_key": key.reveal()}
        return Found(source=source, credential=named)
    assert sas is not None
    plain = sas.reveal().removeprefix("?")
    return Found(source=source, credential=AzureSasCredential(plain), sas=Secret(plain))


def _connection() -> _Connection | None:
    """Read AZURE_STORAGE_CONNECTION_STRING; None where there is none or it names no account."""
    given = os.environ.get(CONNECTION_STRING, "")
    parts = dict(part.split("=", 1) for part in given.split(";") if "=" in part)
    parts = {name.strip().lower(): value.strip() for name, value in parts.items()}
    name, endpoint_url = parts.get("accountname", ""), parts.get("blobendpoint", "").rstrip("/")
    if not name and endpoint_url:
        name = (urlsplit(endpoint_url).hostname or "").split(".")[0]
    if not name:
        return None
    if not endpoint_url:
        suffix = parts.get("endpointsuffix", "core.windows.net")
        protocol = parts.get("defaultendpointsprotocol", "https")
        endpoint_url = f"{protocol}://{name}.blob.{suffix}"
    key, sas = parts.get("accountkey"), parts.get("sharedaccesssignature")
    return _Connection(
        account=Account(name=name, endpoint_url=endpoint_url),
        key=Secret(key) if key else None,
        sas=Secret(sas) if sas else None,
    )
