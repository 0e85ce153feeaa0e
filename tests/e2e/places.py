"""A bucket of each cloud: how a job names it, and how the cloud's own client writes into it."""

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote

from azure.storage.blob import BlobServiceClient, ContentSettings, generate_container_sas
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage  # type: ignore[import-untyped]

from tests.e2e.deliveries import Delivery
from tests.servers.azurite import AzureServer
from tests.servers.fake_gcs import GCSServer
from tests.servers.s3 import S3Server, User

# what uploaders say of a batch: a reader must not mind any of it
METADATA = (
    {"encoding": "gzip", "kind": "application/json"},
    {"encoding": None, "kind": "application/json"},
    {"encoding": "gzip", "kind": "text/plain"},
    {"encoding": None, "kind": "application/gzip"},
    {"encoding": None, "kind": None},
)


class Place(ABC):
    """A bucket with everything in it that one group of tests delivers, a folder each."""

    port: int
    environment: dict[str, str]
    secrets: list[str]

    @abstractmethod
    def put(
        self, key: str, body: bytes, *, encoding: str | None = None, kind: str | None = None
    ) -> None:
        """Write an object by the cloud's own client."""

    @abstractmethod
    def conf(self, path: str, *, bucket: str | None = None) -> str:
        """Return a destination_conf of a user who may list and read."""

    def endpoint(self, port: int) -> tuple[str, str]:
        """Return the arguments that lead to another port, where a proxy listens."""
        return ("--endpoint-url", f"http://127.0.0.1:{port}")

    def deliver(self, delivery: Delivery) -> Delivery:
        """Write a whole delivery, what stands beside it included."""
        objects = {**delivery.objects, **delivery.companions}
        for number, (key, body) in enumerate(objects.items()):
            self.put(key, body, **METADATA[number % len(METADATA)])
        return delivery


class S3Place(Place):
    """The conf names the server's address and a reader's keys."""

    def __init__(self, server: S3Server) -> None:
        self.server = server
        self.port = server.port
        self.bucket = server.make_bucket()
        self.environment = {}
        users = (server.reader, server.writer, server.getter)
        self.secrets = [user.secret_access_key for user in users]

    def put(
        self, key: str, body: bytes, *, encoding: str | None = None, kind: str | None = None
    ) -> None:
        said = {"ContentEncoding": encoding, "ContentType": kind}
        given = {name: value for name, value in said.items() if value is not None}
        self.server.client().put_object(Bucket=self.bucket, Key=key, Body=body, **given)

    def conf(self, path: str, *, bucket: str | None = None, user: User | None = None) -> str:
        user = user or self.server.reader
        return (
            f"s3://{bucket or self.bucket}/{path}?region=us-east-1"
            f"&access-key-id={quote(user.access_key_id, safe='')}"
            f"&secret-access-key={quote(user.secret_access_key, safe='')}"
            f"&endpoint={self.server.url}"
        )


class GCSPlace(Place):
    """The emulator asks for no credentials; STORAGE_EMULATOR_HOST leads to it."""

    _numbers: ClassVar = count()

    def __init__(self, server: GCSServer) -> None:
        self.port = server.port
        self.bucket = f"e2e-logs-{next(self._numbers)}"
        self.environment = {"STORAGE_EMULATOR_HOST": server.url}
        self.secrets = []
        client = storage.Client(
            project="p",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": server.url},
        )
        self._bucket = client.create_bucket(self.bucket)

    def put(
        self, key: str, body: bytes, *, encoding: str | None = None, kind: str | None = None
    ) -> None:
        blob = self._bucket.blob(key)
        blob.content_encoding = encoding
        blob.upload_from_string(body, content_type=kind)

    def conf(self, path: str, *, bucket: str | None = None) -> str:
        return f"gs://{bucket or self.bucket}/{path}"


class AzurePlace(Place):
    """The conf has a SAS that may list and read; `--endpoint-url` leads to the server."""

    _numbers: ClassVar = count()

    def __init__(self, server: AzureServer) -> None:
        self.server = server
        self.port = server.port
        self.container = f"e2e-logs-{next(self._numbers)}"
        self.environment = {}
        self.secrets = [server.account_key]
        self._service = BlobServiceClient(server.url, credential=server.account_key)
        self._service.create_container(self.container)

    def put(
        self, key: str, body: bytes, *, encoding: str | None = None, kind: str | None = None
    ) -> None:
        said = ContentSettings(content_encoding=encoding, content_type=kind)
        blob = self._service.get_blob_client(self.container, key)
        blob.upload_blob(body, content_settings=said)

    def conf(
        self, path: str, *, bucket: str | None = None, permission: str = "rl", **options: Any
    ) -> str:
        container = bucket or self.container
        sas = generate_container_sas(
            self.server.account,
            container,
            account_key=options.get("account_key", self.server.account_key),
            permission=permission,
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        self.secrets += parse_qs(sas)["sig"]
        # a test server's address may stand in place of <account>.blob.core.windows.net
        return f"azure://127.0.0.1:{self.port}/{self.server.account}/{container}/{path}?{sas}"

    def endpoint(self, port: int) -> tuple[str, str]:
        return ("--endpoint-url", f"http://127.0.0.1:{port}/{self.server.account}")
