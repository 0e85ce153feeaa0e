"""`verify` reads Google Cloud Storage: fake-gcs-server, and in front of it accounts with rights."""

from pathlib import Path

import pytest

from tests.e2e.deliveries import Delivery, job
from tests.e2e.places import GCSPlace
from tests.e2e.store_suite import CLEAN, WholeStoreSuite
from tests.e2e.verifying import Verify
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

    @pytest.mark.parametrize(
        ("mail", "code", "words"),
        [
            ("reader@p.iam", 0, '"pass"'),
            ("writer@p.iam", 3, "storage.objects.list"),
            ("lister@p.iam", 3, "storage.objects.get"),
        ],
    )
    async def test_an_account_reads_or_is_told_the_permission(
        self,
        place: GCSPlace,
        clean_day: Delivery,
        verify: Verify,
        tmp_path: Path,
        mail: str,
        code: int,
        words: str,
    ) -> None:
        with gcs_front(place.port, RIGHTS) as front:
            key = front.write_key_file(tmp_path / "key.json", mail)
            verify.secrets = (tmp_path / "key.json").read_text().split("\\n")[1:-2]
            outcome = await verify(
                job(place.conf(CLEAN)),
                *place.endpoint(front.port),
                environment={"GOOGLE_APPLICATION_CREDENTIALS": key},
            )
        assert outcome.code == code, outcome
        assert words in outcome.said
        assert not outcome.found

    async def test_no_credentials_at_all_says_where_they_were_looked_for(
        self, place: GCSPlace, verify: Verify
    ) -> None:
        outcome = await verify(job(place.conf(CLEAN)), environment={"STORAGE_EMULATOR_HOST": ""})
        assert outcome.code == 3, outcome
        assert "GOOGLE_APPLICATION_CREDENTIALS" in outcome.said
