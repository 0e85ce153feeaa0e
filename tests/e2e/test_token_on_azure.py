"""`token` on Azure Blob Storage: a SAS of every kind, and what the environment has beside it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from azure.storage.blob import generate_account_sas, generate_container_sas

from tests.e2e.asking import PLAIN, Asker, reason_of
from tests.e2e.command import Ended
from tests.e2e.places import AzurePlace
from tests.servers.azurite import AzureServer

NAME = "ownership-challenge-1a2b.txt"
HOUR = timedelta(hours=1)


class Container:
    """A container to be asked for the token by this SAS or that."""

    def __init__(self, server: AzureServer, home: Path) -> None:
        self.place = AzurePlace(server)
        self.server = server
        self.ask = Asker(home)
        self.ask.secrets += [server.account_key]
        self.key = {"AZURE_STORAGE_KEY": server.account_key}

    def sas(self, permission: str = "rl", **options: Any) -> str:
        given = {
            "container_name": self.place.container,
            "account_key": self.server.account_key,
            "expiry": datetime.now(UTC) + HOUR,
            **options,
        }
        return generate_container_sas(self.server.account, permission=permission, **given)

    def logpushs_sas(self) -> str:
        """Return one as Logpush's documents ask for: it may write objects, and nothing else."""
        return generate_account_sas(
            self.server.account,
            account_key=self.server.account_key,
            resource_types="o",
            permission="w",
            expiry=datetime.now(UTC) + 2000 * 24 * HOUR,
        )

    def __call__(
        self,
        *arguments: str,
        sas: str | None = None,
        environment: dict[str, str] | None = None,
        container: str = "",
    ) -> Ended:
        sas = self.sas() if sas is None else sas
        self.ask.secrets += parse_qs(sas).get("sig", [])
        host = f"127.0.0.1:{self.server.port}/{self.server.account}"
        conf = f"azure://{host}/{container or self.place.container}/http/{{DATE}}?{sas}"
        (self.ask.home / "conf").write_text(conf)
        return self.ask("token", "@conf", *arguments, environment=environment)

    def refused(self, *arguments: str, **options: Any) -> tuple[str, str]:
        ended = self(*arguments, "--format", "json", **options)
        assert (ended.code, ended.json["token"]) == (3, None)
        return reason_of(ended)


@pytest.fixture
def container(azure_server: AzureServer, tmp_path: Path) -> Container:
    return Container(azure_server, tmp_path)


def test_a_challenge_is_found_by_listing(container: Container) -> None:
    container.place.put(f"http/{datetime.now(UTC):%Y%m%d}/{NAME}", PLAIN.encode())
    ended = container()
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")


@pytest.mark.parametrize("front", ["", "{container}/"])
def test_a_name_that_is_given_is_read_without_listing(container: Container, front: str) -> None:
    container.place.put(f"http/20200101/{NAME}", PLAIN.encode())
    name = f"{front.format(container=container.place.container)}http/20200101/{NAME}"
    sas = container.sas("r")
    ended = container("--filename", name, sas=sas)
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")
    ended = container("--filename", name.replace("1a2b", "9"), "--format", "json", sas=sas)
    assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))


@pytest.mark.parametrize("encoding", ["gzip", "compress"])
def test_metadata_says_nothing_of_what_lies_there(container: Container, encoding: str) -> None:
    body = f"{PLAIN}\r\n".encode()
    container.place.put(f"http/{NAME}", body, encoding=encoding, kind="text/plain")
    assert container().out == f"{PLAIN}\n"


def test_a_challenge_that_comes_later_is_found(container: Container) -> None:
    with container.ask.once(
        " yet; waiting until ", lambda: container.place.put(f"http/{NAME}", PLAIN.encode())
    ):
        ended = container("--wait", "30s")
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")


def test_an_empty_container_has_no_challenge_yet(container: Container) -> None:
    ended = container("--format", "json")
    assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))


def test_a_container_that_is_not_there_is_told(container: Container) -> None:
    given = {"sas": container.logpushs_sas(), "environment": container.key}
    for arguments in ((), ("--filename", NAME)):
        refused = container.refused(*arguments, container="no-such-container", **given)
        assert refused == ("bucket-missing", "")


# --- Logpush's own SAS may write, and reads nothing back ---


def test_logpushs_own_sas_alone_cannot_read_the_token_back(container: Container) -> None:
    container.place.put(f"http/{NAME}", PLAIN.encode())
    sas = container.logpushs_sas()
    assert container.refused(sas=sas) == ("sas-write-only", "sp=l")
    ended = container("--filename", f"http/{NAME}", "--format", "json", sas=sas)
    assert (ended.code, reason_of(ended)) == (3, ("sas-write-only", "sp=r"))
    told = " ".join(ended.err.split())
    assert "can only write, and reads nothing back" in told
    assert "sp=rl" in told
    assert "AZURE_STORAGE_KEY" in told


def test_beside_logpushs_own_sas_the_environments_key_reads(container: Container) -> None:
    container.place.put(f"http/{NAME}", PLAIN.encode())
    ended = container(sas=container.logpushs_sas(), environment=container.key)
    assert (ended.code, ended.out) == (0, f"{PLAIN}\n")


def test_beside_logpushs_own_sas_a_key_that_is_wrong_is_told(container: Container) -> None:
    wrong = "A" * 86 + "=="
    container.ask.secrets += [wrong]
    given = {"sas": container.logpushs_sas(), "environment": {"AZURE_STORAGE_KEY": wrong}}
    assert container.refused(**given) == ("keys-wrong", "")


# --- every other that does not do ---


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("options", "reason", "right", "words"),
    [
        ({"expiry": now() - HOUR}, "sas-expired", "", "expired at"),
        (
            {"start": now() + HOUR, "expiry": now() + 2 * HOUR},
            *("sas-early", "", "is not valid before"),
        ),
        ({"permission": "r"}, "list-denied", "sp=l", "sp=r has no l"),
        ({"container_name": "another"}, "sas-wrong", "", "for another container"),
        ({"account_key": "A" * 86 + "=="}, "sas-wrong", "", "signed with another key"),
    ],
)
def test_why_a_sas_does_not_do_is_told(
    container: Container, options: dict[str, Any], reason: str, right: str, words: str
) -> None:
    container.place.put(f"http/{NAME}", PLAIN.encode())
    ended = container("--format", "json", sas=container.sas(**options))
    assert (ended.code, reason_of(ended)) == (3, (reason, right))
    assert words in " ".join(ended.err.split())


def test_who_may_list_and_not_read_is_told_that_one_is_there(container: Container) -> None:
    container.place.put(f"http/{NAME}", PLAIN.encode())
    ended = container("--format", "json", sas=container.sas("l"))
    assert (ended.code, reason_of(ended)) == (3, ("read-denied", "sp=r"))
    assert "a challenge is there and cannot be read" in ended.err
