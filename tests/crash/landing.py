"""A folder that batches land in, some of them overwritten or taken away, and what is true of each.

A seed says what is written; the folder knows what the ledger must hold in the end.
"""

import gzip
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from receiver.check.report import Verdict
from receiver.ledger.ledger import Entry, State
from tests.unit.sweeping import body

FIELDS = "fields=RayID,ClientIP"
BATCH = timedelta(seconds=30)


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What was once under a name."""

    digest: str
    verdict: Verdict


class Landing:
    """One job's folder, written as a store would: an object is there whole, or not at all."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.folder = folder
        self._random = random
        self._next = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=2)
        self.contents: dict[str, list[Content]] = {}
        self.gone: set[str] = set()

    def write(self, count: int, *, good: bool = False, content: bytes | None = None) -> None:
        """Write so many new batches, about each fourth of them spoiled; or all good, or this."""
        for _ in range(count):
            start, self._next = self._next, self._next + BATCH
            name = f"{start:%Y%m%dT%H%M%SZ}_{self._next:%Y%m%dT%H%M%SZ}"
            key = f"{start:%Y%m%d}/{name}_{self._random.getrandbits(32):08x}.log.gz"
            if content is not None:
                self._put(key, content, Verdict.PASS)
            else:
                self._put(key, *self._draw(good=good))

    def overwrite(self, count: int) -> None:
        """Overwrite some of the last ones: those far back are found by walks, in minutes."""
        there = sorted(set(self.contents) - self.gone)[-20:]
        for key in self._random.sample(there, min(count, len(there))):
            self._put(key, *self._draw())

    def remove(self, count: int) -> None:
        """Take away some of the last ones: listed or not, read or not."""
        there = sorted(set(self.contents) - self.gone)[-10:]
        for key in self._random.sample(there, min(count, len(there))):
            (self.folder / key).unlink()
            self.gone.add(key)

    def _draw(self, *, good: bool = False) -> tuple[bytes, Verdict]:
        sound = body(self._random.randint(1, 40), seed=self._random.getrandbits(32))
        if good:
            return sound, Verdict.PASS
        return self._random.choice((
            *[(sound, Verdict.PASS)] * 5,
            (sound[:-9], Verdict.FAIL),
            (gzip.compress(b'{"RayID": "1"}\n', mtime=0), Verdict.FAIL),
        ))  # fmt: skip

    def _put(self, key: str, content: bytes, verdict: Verdict) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = self.folder.with_name(f"{self.folder.name}.{path.name}")
        hidden.write_bytes(content)
        os.replace(hidden, path)
        known = self.contents.setdefault(key, [])
        digest = hashlib.sha256(content).hexdigest()
        known.append(Content(digest=digest, verdict=verdict))

    def is_done(self, entries: Sequence[Entry]) -> bool:
        """Whether nothing is left to do: what lies there is judged, and nothing waits."""
        judged = {(each.key, each.digest) for each in entries if each.state is State.JUDGED}
        return not any(each.state is State.WAITING for each in entries) and all(
            (key, known[-1].digest) in judged or key in self.gone
            for key, known in self.contents.items()
        )

    def mistakes(self, entries: Sequence[Entry], *, root: str) -> Iterator[str]:
        """Hold a ledger against what was written: nothing lost, nothing doubled, all true."""
        times = Counter((each.key, each.etag) for each in entries)
        yield from (f"{key}: {count} entries" for (key, _), count in times.items() if count > 1)
        for each in entries:
            key = each.key.removeprefix(root)
            known = {content.digest: content for content in self.contents.get(key, [])}
            if not known:
                yield f"{key}: nobody wrote it"
            elif each.state is State.JUDGED and each.digest not in known:
                yield f"{key}: another content's digest"
            elif each.state is State.JUDGED and each.verdict is not known[each.digest].verdict:
                yield f"{key}: {each.verdict}, and it is not"
            if each.judgements > 1:
                yield f"{key}: judged {each.judgements} times"
            if each.state is State.WAITING or (each.state is State.PARKED and key not in self.gone):
                yield f"{key}: {each.state}: {each.error}"
        judged = {(each.key.removeprefix(root), each.digest) for each in entries}
        for key, known_ in self.contents.items():
            if (key, known_[-1].digest) not in judged and key not in self.gone:
                yield f"{key}: lost"
