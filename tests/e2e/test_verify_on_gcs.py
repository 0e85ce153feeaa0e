"""`verify` reads Google Cloud Storage: fake-gcs-server, and in front of it accounts with rights."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.e2e.deliveries import Delivery, job
from tests.e2e.places import GCSPlace
from tests.e2e.store_suite import CLEAN, WholeStoreSuite
from tests.e2e.verifying import Outcome, Verify
from tests.servers.fake_gcs import GCSServer
from tests.servers.gcs_front import gcs_front

RIGHTS = {
    "reader@p.iam": frozenset({"list", "get"}),
    "writer@p.iam": frozenset({"create"}),
    "lister@p.iam": frozenset({"list"}),
}


class TestGCS(WholeStoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, gcs_server: GCSServer) -> GCSPlace:
        return GCSPlace(gcs_server)

    async def test_an_account_reads_or_is_told_the_permission(
        self, place: GCSPlace, clean_day: Delivery, verify: Verify, tmp_path: Path
    ) -> None:
        with gcs_front(place.port, RIGHTS) as front:

            async def outcome_of(mail: str) -> Outcome:
                key = front.write_key_file(tmp_path / f"{mail}.json", mail)
                verify.secrets += json.loads(Path(key).read_text())["private_key"].split("\n")[1:-2]
                return await verify(
                    job(place.conf(CLEAN)),
                    *place.endpoint(front.port),
                    environment={"GOOGLE_APPLICATION_CREDENTIALS": key},
                )

            reader, writer, lister = await asyncio.gather(*map(outcome_of, RIGHTS))
        assert reader.code == 0, reader
        assert reader.report["totals"] == clean_day.totals
        assert writer.code == 3, writer
        assert "storage.objects.list" in writer.said
        assert lister.code == 3, lister
        unread = lister.report["unread"]
        assert [each["key"] for each in unread] == sorted(clean_day.objects)
        assert all("storage.objects.get" in each["error"] for each in unread)

    async def test_no_credentials_at_all_says_where_they_were_looked_for(
        self, place: GCSPlace, verify: Verify
    ) -> None:
        outcome = await verify(job(place.conf(CLEAN)), environment={"STORAGE_EMULATOR_HOST": ""})
        assert outcome.code == 3, outcome
        assert "GOOGLE_APPLICATION_CREDENTIALS" in outcome.said
