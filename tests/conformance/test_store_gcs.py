"""Google Cloud Storage joins the suite, on fake-gcs-server."""

import itertools
import json
import urllib.request
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import pytest

from receiver.destination.destination import Destination, Scheme
from receiver.secret import Secret
from receiver.store.bounds import BOUNDS, Bounds
from receiver.store.gcs import GCSStore, open_gcs
from tests.conformance.store_suite import RemoteStoreSuite
from tests.servers.fake_gcs import GCSServer
from tests.servers.proxy import FaultProxy


class GCSPlace:
    """A fresh bucket of a server that asks for no credentials."""

    _numbers: ClassVar = itertools.count()

    def __init__(self, server: GCSServer) -> None:
        self.server = server
        self.port = server.port
        self.bucket = f"logs-{next(self._numbers)}"
        named = json.dumps({"name": self.bucket}).encode()
        post(f"{server.url}/storage/v1/b?project=p", named, "application/json")

    def open(
        self, *, through: FaultProxy | None = None, bounds: Bounds = BOUNDS
    ) -> AbstractAsyncContextManager[GCSStore]:
        url = through.url if through else self.server.url
        return open_gcs(destination(self.bucket), endpoint_url=url, bounds=bounds)

    def open_missing(self) -> AbstractAsyncContextManager[GCSStore]:
        return open_gcs(destination("no-such-bucket"), endpoint_url=self.server.url)

    def write_encoded(self, key: str, body: bytes) -> None:
        metadata = json.dumps({"name": key, "contentEncoding": "gzip"}).encode()
        parts = (("application/json", metadata), ("text/plain", body))
        lines = [b"--cut\r\nContent-Type: %s\r\n\r\n%s\r\n" % (t.encode(), p) for t, p in parts]
        post(
            f"{self.server.url}/upload/storage/v1/b/{self.bucket}/o?uploadType=multipart",
            b"".join([*lines, b"--cut--\r\n"]),
            "multipart/related; boundary=cut",
        )


def destination(bucket: str) -> Destination:
    return Destination(conf=Secret(f"gs://{bucket}/"), scheme=Scheme.GS, bucket=bucket, path="")


def post(url: str, body: bytes, content_type: str) -> None:
    """Send a request by a client that the store does not use."""
    request = urllib.request.Request(url, body, {"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=10) as response:
        response.read()


class TestGCSStore(RemoteStoreSuite):
    @pytest.fixture(autouse=True)
    def no_credentials_around(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST"):
            monkeypatch.delenv(name, raising=False)

    @pytest.fixture
    def place(self, gcs_server: GCSServer) -> GCSPlace:
        return GCSPlace(gcs_server)

    async def test_the_environment_names_an_emulator_where_no_endpoint_is_given(
        self, place: GCSPlace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", place.server.url)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file")  # not shown to it
        async with open_gcs(destination(place.bucket)) as store:
            await store.put("logs/a", b"1")
            assert [obj.key for obj in (await store.list("")).objects] == ["logs/a"]
