"""However an object is cut into chunks, its Report is the same."""

import gzip
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.batch.gunzip import Gunzip
from tests.fuzz.agree import make_case, report_of
from tests.fuzz.jobs import jobs

SEEDS = st.integers(min_value=0, max_value=2**32)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(seed=SEEDS, pieces=st.integers(min_value=1, max_value=40))
def test_a_batch_cut_anywhere_reads_the_same(seed: int, pieces: int) -> None:
    case = make_case(seed)
    random = Random(seed)
    places = sorted(random.randrange(len(case.data) + 1) for _ in range(pieces))
    chunks = [
        case.data[start:end]
        for start, end in zip([0, *places], [*places, len(case.data)], strict=True)
    ]
    assert report_of(case.job, chunks) == report_of(case.job, [case.data])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_a_batch_in_single_bytes_reads_the_same(seed: int) -> None:
    case = make_case(seed)
    data = case.data[:20_000]
    assert report_of(case.job, (data[at : at + 1] for at in range(len(data)))) == report_of(
        case.job, [data]
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    lengths=st.lists(st.integers(min_value=0, max_value=3000), max_size=8),
    end=st.sampled_from([b"", b"\0" * 40, b"\0\x1f", b"\x1f\x8b", b"x", b"\x1f\x8b\x08\x04"]),
)
def test_members_cut_into_single_bytes_inflate_the_same(lengths: list[int], end: bytes) -> None:
    text = jobs()[0].lines[0]
    data = b"".join(gzip.compress(text[:length], mtime=0) for length in lengths) + end
    assert _inflated([data]) == _inflated([data[at : at + 1] for at in range(len(data))])


def _inflated(chunks: list[bytes]) -> tuple[bytes, list[object]]:
    gunzip = Gunzip()
    parts = [part for chunk in chunks for part in gunzip.feed(chunk)]
    parts += gunzip.close()
    plain = b"".join(part for part in parts if isinstance(part, bytes))
    return plain, [part for part in parts if not isinstance(part, bytes)]
