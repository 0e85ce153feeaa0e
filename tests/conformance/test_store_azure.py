"""Azure Blob Storage joins the suite, on Azurite."""

import itertools
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import pytest
from azure.storage.blob import BlobServiceClient, ContentSettings

from receiver.clock import SystemClock
from receiver.destination.destination import Destination, Scheme
from receiver.secret import Secret
from receiver.store.azure import AzureStore, open_azure
from receiver.store.bounds import BOUNDS, Bounds
from tests.conformance.store_suite import BYTE_ORDER, RemoteStoreSuite
from tests.servers.azurite import AzureServer
from tests.servers.proxy import FaultProxy


class AzurePlace:
    """A fresh container; the account's key is where AZURE_STORAGE_KEY is looked for."""

    _numbers: ClassVar = itertools.count()

    def __init__(self, server: AzureServer) -> None:
        self.server = server
        self.port = server.port
        self.container = f"logs-{next(self._numbers)}"
        with self.service() as service:
            service.create_container(self.container)

    def service(self) -> BlobServiceClient:
        """Return a client that the store does not use."""
        return BlobServiceClient(self.server.url, credential=self.server.account_key)

    def destination(self, container: str | None = None, *, sas: str | None = None) -> Destination:
        host = f"{self.server.account}.blob.core.windows.net"
        container = container or self.container
        return Destination(
            conf=Secret(f"azure://{host}/{container}/?{sas}"),
            scheme=Scheme.AZURE,
            bucket=container,
            path="",
            account=host,
            sas=Secret(sas) if sas else None,
        )

    def open(
        self,
        *,
        through: FaultProxy | None = None,
        bounds: Bounds = BOUNDS,
        sas: str | None = None,
        anonymous: bool = False,
    ) -> AbstractAsyncContextManager[AzureStore]:
        url = f"{through.url}/{self.server.account}" if through else self.server.url
        conf = self.destination(sas=sas)
        return open_azure(
            conf, endpoint_url=url, clock=SystemClock(), bounds=bounds, anonymous=anonymous
        )

    def open_missing(self) -> AbstractAsyncContextManager[AzureStore]:
        conf = self.destination("no-such-container")
        return open_azure(conf, endpoint_url=self.server.url, clock=SystemClock())

    def write_encoded(self, key: str, body: bytes) -> None:
        gzipped = ContentSettings(content_encoding="gzip", content_type="text/plain")
        with self.service() as service:
            service.get_blob_client(self.container, key).upload_blob(body, content_settings=gzipped)


class TestAzureStore(RemoteStoreSuite):
    # Azurite sorts as JavaScript does, by UTF-16: only beyond its first plane does that differ.
    byte_order: ClassVar = tuple(key for key in BYTE_ORDER if max(key) <= "\uffff")

    @pytest.fixture
    def place(self, azure_server: AzureServer, monkeypatch: pytest.MonkeyPatch) -> AzurePlace:
        monkeypatch.setenv("AZURE_STORAGE_KEY", azure_server.account_key)
        for name in ("CONNECTION_STRING", "ACCOUNT", "SAS_TOKEN"):
            monkeypatch.delenv(f"AZURE_STORAGE_{name}", raising=False)
        return AzurePlace(azure_server)
