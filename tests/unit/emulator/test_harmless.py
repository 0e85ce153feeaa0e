import gzip
import json
import random

import pytest

from receiver.emulator.harmless import HARMLESS, companions
from tests.unit.emulator.factories import batch, writer


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_variation_holds_the_same_records_and_plants_nothing(name: str) -> None:
    clean = batch(writer())
    objects = HARMLESS[name](clean, random.Random(1))
    plain = [gzip.decompress(each.body) for each in objects]
    records = [json.loads(line) for text in plain for line in text.splitlines()]
    by_ray = sorted(records, key=lambda record: str(record["RayID"]))
    expected = [json.loads(line) for line in clean.lines]
    assert by_ray == sorted(expected, key=lambda record: str(record["RayID"]))
    assert not any(each.planted for each in objects)
    assert len({each.key for each in objects}) == len(objects)


def test_what_stands_beside_the_batches_is_above_the_day() -> None:
    test, challenge = companions("logs/http/{DATE}/", random.Random(1))
    assert (test.key, challenge.key) == (
        "logs/http/test.txt.gz",
        "logs/http/ownership-challenge.txt",
    )
    assert json.loads(gzip.decompress(test.body)) == {"content": "test"}
    assert challenge.body.count(b".") == 2
