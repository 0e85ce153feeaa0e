"""Where the score pushes to: a folder, a bucket, or an endpoint of a server started for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from tests.e2e.places import AzurePlace, GCSPlace, S3Place
from tests.score.landing import Landing
from tests.servers.azurite import AzureServer, azurite
from tests.servers.endpoint import HOST
from tests.servers.fake_gcs import GCSServer, fake_gcs
from tests.servers.moto import moto
from tests.servers.s3 import S3Server

WRITES = "rlcw"  # what a SAS allows, so that one conf serves for writing and for reading
NO_FOLDER = frozenset({"wrong-day-folder"})

Conf = Callable[[str], str]
"""Makes a destination_conf of a path that ends in `/`."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How a job names a folder there, and where it is really asked."""

    conf: Conf
    endpoint_url: str | None = None
    landing: Landing | None = None  # takes what is pushed, and has it read from a folder
    unfit: frozenset[str] = frozenset()  # kinds of faults that there cannot be


def in_folder(folder: Path) -> Place:
    return Place(conf=lambda path: f"{(folder / 'logs').as_uri()}/{path}{{DATE}}")


def on_s3(server: S3Server) -> Place:
    place = S3Place(server)
    return Place(conf=lambda path: place.conf(f"{path}{{DATE}}", user=server.owner))


def on_r2(server: S3Server) -> Place:
    """R2's address cannot be had: the same server takes its place."""
    bucket, user = server.make_bucket(), server.owner
    keys = {
        "account-id": "0" * 32,
        "access-key-id": user.access_key_id,
        "secret-access-key": user.secret_access_key,
    }
    return Place(
        conf=lambda path: f"r2://{bucket}/{path}{{DATE}}?{urlencode(keys)}",
        endpoint_url=server.url,
    )


def on_gcs(server: GCSServer) -> Place:
    place = GCSPlace(server)
    return Place(conf=lambda path: place.conf(f"{path}{{DATE}}"), endpoint_url=server.url)


def on_azure(server: AzureServer) -> Place:
    place = AzurePlace(server)
    return Place(
        conf=lambda path: place.conf(f"{path}{{DATE}}", permission=WRITES),
        endpoint_url=place.endpoint(server.port)[1],
    )


@contextmanager
def _s3(folder: Path) -> Iterator[Place]:
    with moto(folder) as server:
        yield on_s3(server)


@contextmanager
def _r2(folder: Path) -> Iterator[Place]:
    with moto(folder) as server:
        yield on_r2(server)


@contextmanager
def _gcs(folder: Path) -> Iterator[Place]:
    with fake_gcs(folder) as server:
        yield on_gcs(server)


@contextmanager
def _azure(folder: Path) -> Iterator[Place]:
    with azurite(folder) as server:
        yield on_azure(server)


@contextmanager
def _local(folder: Path) -> Iterator[Place]:
    yield in_folder(folder)


def _landed(form: str) -> Callable[[Path], AbstractContextManager[Place]]:
    @contextmanager
    def place(folder: Path) -> Iterator[Place]:
        landing = Landing(folder, form=form)
        with landing.trusted():
            yield Place(conf=landing.conf, landing=landing, unfit=NO_FOLDER)

    return place


PLACES: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {
    "local": _local,
    "s3": _s3,
    "r2": _r2,
    "gcs": _gcs,
    "azure": _azure,
    "http": _landed(f"https://{HOST}:{{port}}/in/{{word}}"),
    "sumo": _landed(f"sumo://{HOST}:{{port}}/receiver/v1/http/{{word}}"),
}
