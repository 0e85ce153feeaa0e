"""`verify` reads Azure Blob Storage: Azurite, with SAS of several rights."""

import asyncio
from typing import ClassVar

import pytest

from tests.e2e.deliveries import Delivery, job
from tests.e2e.places import AzurePlace
from tests.e2e.store_suite import CLEAN, WholeStoreSuite
from tests.e2e.verifying import Verify
from tests.servers.azurite import AzureServer


class TestAzure(WholeStoreSuite):
    cut_after: ClassVar = 400_000  # its driver brings 256 KiB whole or not at all

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, azure_server: AzureServer) -> AzurePlace:
        return AzurePlace(azure_server)

    async def test_what_a_sas_does_not_permit_is_named_with_the_remedy(
        self, place: AzurePlace, clean_day: Delivery, verify: Verify
    ) -> None:
        async def refused(permission: str, lack: str) -> None:
            outcome = await verify(job(place.conf(CLEAN, permission=permission)))
            assert outcome.code == 3, outcome
            assert f"sp={permission} has no {lack}" in outcome.said
            assert "sp=rl" in outcome.said
            assert not outcome.found

        await asyncio.gather(refused("w", "l"), refused("r", "l"), refused("l", "r"))

    async def test_a_sas_signed_with_another_key_is_refused(
        self, place: AzurePlace, clean_day: Delivery, verify: Verify
    ) -> None:
        outcome = await verify(job(place.conf(CLEAN, account_key="A" * 86 + "==")))
        assert outcome.code == 3, outcome
        assert "signed with another key" in outcome.said

    async def test_where_logpushs_sas_only_writes_the_environments_key_is_taken(
        self, place: AzurePlace, clean_day: Delivery, verify: Verify
    ) -> None:
        server = place.server
        string = (
            f"DefaultEndpointsProtocol=http;AccountName={server.account};"
            f"AccountKey={server.account_key};BlobEndpoint={server.url};"
        )
        host = f"{server.account}.blob.core.windows.net"
        written = place.conf(CLEAN, permission="w")
        conf = written.replace(f"127.0.0.1:{server.port}/{server.account}", host)
        outcome = await verify(job(conf), environment={"AZURE_STORAGE_CONNECTION_STRING": string})
        assert outcome.code == 0, outcome
        assert outcome.report["totals"] == clean_day.totals
