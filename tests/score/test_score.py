"""Every kind of fault, pushed to every kind of place: `verify` finds it, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from receiver.emulator.batches import PlantedFault
from receiver.emulator.pusher.kinds import KINDS
from receiver.emulator.pusher.manifest import Counted, Delivered, Planted
from tests.score.judging import Score, score, scored
from tests.score.places import PLACES, Place, on_azure, on_gcs, on_r2, on_s3
from tests.score.pushing import CLEAN, DATASETS, FAULTY, Pushed
from tests.score.table import table
from tests.servers.azurite import AzureServer
from tests.servers.fake_gcs import GCSServer
from tests.servers.s3 import S3Server

ROOT = Path(__file__).parents[2]
HTTP, SPECTRUM = "http_requests", "spectrum_events"
KEY = "20240301/20240301T000000Z_20240301T000030Z_00000000.log.gz"
LOST = PlantedFault(key=KEY, code="field-missing", severity="error", field="BotScore", count=3)
FOUND = {"code": "field-missing", "severity": "error", "field": "BotScore", "count": 3}


def scored_at(
    place: Place, folder: Path, dataset: str, *, kinds: Sequence[str] = tuple(KINDS)
) -> None:
    found = scored(folder, place, kinds=kinds, datasets=[dataset], seed=1)
    assert found.right, "\n".join(table(found))
    assert len(found.rows) > len(kinds)
    assert [row.label for row in found.rows if not row.fits] == sorted(place.unfit)


def test_the_readme_has_the_score_of_local_folders(tmp_path: Path) -> None:
    with PLACES["local"](tmp_path) as place:
        found = scored(tmp_path, place, kinds=list(KINDS), datasets=list(DATASETS), seed=1)
    assert found.right, "\n".join(table(found))
    lines = "".join(f"    {line}".rstrip() + "\n" for line in table(found))
    assert lines in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("name", "dataset"), [("http", HTTP), ("sumo", SPECTRUM)])
def test_an_endpoint(name: str, dataset: str, tmp_path: Path) -> None:
    with PLACES[name](tmp_path) as place:
        scored_at(place, tmp_path, dataset)


def test_s3(moto_server: S3Server, tmp_path: Path) -> None:
    scored_at(on_s3(moto_server), tmp_path, HTTP)


def test_r2(moto_server: S3Server, tmp_path: Path) -> None:
    kinds = ["late", "field-missing", "gzip-crc", "many-objects"]
    scored_at(on_r2(moto_server), tmp_path, SPECTRUM, kinds=kinds)


def test_google_cloud_storage(gcs_server: GCSServer, tmp_path: Path) -> None:
    scored_at(on_gcs(gcs_server), tmp_path, HTTP)


def test_azure(azure_server: AzureServer, tmp_path: Path) -> None:
    scored_at(on_azure(azure_server), tmp_path, SPECTRUM)


class TestJudging:
    """What the score says of a job 2 that lost a field, and of a job 1 without a fault."""

    @staticmethod
    def scored(
        *, clean: tuple[dict[str, Any], ...] = (), faulty: tuple[dict[str, Any], ...] = (FOUND,),
        uploaded: bool = True,
    ) -> Score:  # fmt: skip
        delivered = [
            Delivered(
                kind=kind, job=job, key=f"logs/{KEY}", window=FAULTY, records=9, stored_bytes=9,
                after_seconds=0, planted=planted,
            )
            for kind, job, planted in (("", 1, ()), ("field-missing", 2, (LOST,)))
        ]  # fmt: skip
        pushed = Pushed(
            jobs=[],
            labels={1: CLEAN, 2: "field-missing"},
            entries=[
                *(Counted(job=job, window=FAULTY, before_filter=9, before_sample=9, kept=9)
                  for job in (1, 2)),
                Planted(kind="field-missing", job=2, job_name="", window=FAULTY, finds=(LOST,)),
                *delivered[not uploaded :],
            ],
            unfit=frozenset(),
        )  # fmt: skip
        found = ((1, clean), (2, faulty))
        batches = [
            {"key": f"a/{KEY}", "job": job, "findings": list(findings)} for job, findings in found
        ]
        report = {"batches": batches[not uploaded :], "findings": [], "unread": []}
        return score(pushed, report)

    def test_all_is_right_where_each_is_found_as_it_was_planted(self) -> None:
        found = self.scored()
        assert found.right
        assert [(row.planted, row.found, row.missed, row.false) for row in found.rows] == [
            (None, 0, 0, 0),
            (1, 1, 0, 0),
        ]

    @pytest.mark.parametrize(
        ("findings", "row"),
        [
            ({"faulty": ()}, (0, 1, 0)),
            ({"faulty": (FOUND | {"count": 2},)}, (0, 1, 1)),
            ({"faulty": (FOUND | {"severity": "warning"},)}, (0, 1, 1)),
            ({"faulty": (FOUND, FOUND | {"code": "field-null"})}, (1, 0, 1)),
            ({"clean": (FOUND,)}, (0, 0, 1)),
        ],
    )
    def test_what_is_missed_or_was_never_planted_is_wrong(
        self, findings: dict[str, Any], row: tuple[int, int, int]
    ) -> None:
        found = self.scored(**findings)
        (wrong,) = (each for each in found.rows if not each.right)
        assert (wrong.found, wrong.missed, wrong.false) == row
        assert not found.right
        assert any(line.endswith("  <--") for line in table(found))

    def test_a_batch_that_never_came_is_wrong(self) -> None:
        found = self.scored(uploaded=False)
        assert not found.right
        assert "never uploaded: " in found.differences[0]


def test_the_table_has_80_columns_at_most() -> None:
    rows = [
        msgspec.structs.replace(row, label=kind, judged=KINDS[kind].judged)
        for row in TestJudging.scored().rows
        for kind in KINDS
    ]
    assert max(map(len, table(Score(rows=rows, batches=9999, differences=[])))) <= 80
