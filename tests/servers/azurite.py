"""Azurite: Azure Blob Storage with account keys, SAS and stored policies, and its queues."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.launch import NotInstalled, answers, free_port, launched

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / ".servers/node_modules/azurite/dist/src/azurite.js"

ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = (  # published by Azurite, the same everywhere
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True, kw_only=True)
class AzureServer:
    """A running server."""

    port: int
    queue_port: int
    account: str = ACCOUNT
    account_key: str = ACCOUNT_KEY

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.account}"

    @property
    def queue_url(self) -> str:
        return f"http://127.0.0.1:{self.queue_port}/{self.account}"


@contextmanager
def azurite(folder: Path) -> Iterator[AzureServer]:
    """Run a server with its blobs in memory; its log goes to the folder."""
    program = Path(os.environ.get("AZURITE", INSTALLED))
    if not program.exists() or shutil.which("node") is None:
        raise NotInstalled(f"{program} and node: tests/servers/install.sh")
    server = AzureServer(port=free_port(), queue_port=free_port())
    command = (
        *("node", program, "--silent", "--inMemoryPersistence", "--disableTelemetry"),
        "--skipApiVersionCheck",  # the client asks for a newer version than any Azurite knows
        *("--blobHost", "127.0.0.1", "--blobPort", str(server.port)),
        *("--queueHost", "127.0.0.1", "--queuePort", str(server.queue_port)),
        *("--tableHost", "127.0.0.1", "--tablePort", str(free_port())),
    )
    with launched(command, ready=answers(server.url), log=folder / "azurite.log"):
        yield server
