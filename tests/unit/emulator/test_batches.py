import gzip

import msgspec
import pytest

from receiver.emulator.batches import Batch, Packing
from tests.unit.emulator.factories import batch, writer


def test_an_object_is_named_by_its_window_in_the_folder_of_its_first_day() -> None:
    assert batch(writer()).key == "logs/20261122/20261122T100000Z_20261122T100500Z_9af500e2.log.gz"


def test_a_token_inside_a_folder_name_is_replaced_too() -> None:
    dated = msgspec.structs.replace(batch(writer()), path="http/dt={DATE}/")
    assert dated.key.startswith("http/dt=20261122/20261122T")


def test_the_object_is_one_gzip_member_of_lines_and_the_same_each_time() -> None:
    first = batch(writer())
    assert first.write() == first.write()
    assert gzip.decompress(first.write().body) == b"\n".join(first.lines) + b"\n"
    assert first.write().body.count(b"\x1f\x8b\x08") == 1
    assert first.write().body[4:8] == bytes(4)  # no time stamp


@pytest.mark.parametrize(
    "packing",
    [Packing(members=5), Packing(members=1000), Packing(level=0), Packing(level=9)],
)
def test_any_packing_holds_the_same_lines(packing: Packing) -> None:
    plain = batch(writer())
    packed = msgspec.structs.replace(plain, packing=packing).write()
    assert gzip.decompress(packed.body) == b"\n".join(plain.lines) + b"\n"


def test_padding_and_the_last_line_end_are_choices() -> None:
    packing = Packing(padding_bytes=9, final_newline=False)
    plain: Batch = msgspec.structs.replace(batch(writer()), packing=packing)
    body = plain.write().body
    assert body.endswith(bytes(9))
    assert gzip.decompress(body) == b"\n".join(plain.lines)
