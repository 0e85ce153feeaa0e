"""What the operator names -> Targets: a file, a folder, a destination_conf, a URL, or jobs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from receiver.batch.name import SUFFIX
from receiver.clock import Clock
from receiver.destination.day import DATE, DATE_IN_DOCUMENTS, day_of_copy
from receiver.destination.destination import STORED, Destination, Scheme
from receiver.destination.parse import looks_like_conf, parse_destination
from receiver.errors import ObjectMissing, SelectionInvalid, StoreDenied
from receiver.job.expectation import Expectation
from receiver.job.job import Job, label
from receiver.secret import Secret
from receiver.selection.span import Span
from receiver.store.open import open_store


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where to look for batches, which of them are meant, and what they are held against."""

    destination: Destination
    expectations: tuple[Expectation, ...]
    span: Span | None
    keys: tuple[str, ...] = ()  # objects named outright: these and nothing else
    copy: bool = False  # not where a job writes: a key's day is that of its nearest folder
    endpoint_url: str | None = None

    @property
    def judged(self) -> bool:
        """Whether batches of any of its jobs can be judged; if not, nothing is read here."""
        return any(expectation.plain for expectation in self.expectations)

    @property
    def root(self) -> str:
        """The bucket or the folder that its keys belong to, printed."""
        return str(msgspec.structs.replace(self.destination, path=""))


async def target_of_source(
    source: str,
    *,
    expectations: Sequence[Expectation],
    span: Span | None,
    clock: Clock,
    endpoint_url: str | None = None,
) -> Target:
    """Understand a source. Of an URL, a key that exists is an object; else it is a folder.

    Raises:
        SelectionInvalid: a local path that is not there, or a place that nothing can be read from.
        DestinationInvalid: it is meant as a destination_conf and is none.
        StoreError: whether it is an object could not be found out.
    """
    found = Target(
        destination=_of_path(source) if not _is_conf(source) else _of_conf(source),
        expectations=tuple(expectations),
        span=span,
        copy=not _is_conf(source),
        endpoint_url=endpoint_url,
    )
    key = None if found.destination.dated else _key_named(source, found.destination)
    if key is None:
        return found
    if found.destination.scheme is Scheme.FILE:
        return _of_file(found, Path(found.destination.bucket))
    async with open_store(found.destination, clock=clock, endpoint_url=endpoint_url) as store:
        try:
            await store.find(key)
        except ObjectMissing:
            return found
        except StoreDenied:
            if key.endswith(SUFFIX):
                raise
            return found  # a role may read the folder and not this name; listing will tell
    folder = msgspec.structs.replace(found.destination, path=key[: key.rfind("/") + 1])
    return msgspec.structs.replace(found, destination=folder, keys=(key,), copy=True)


def targets_of_jobs(
    jobs: Iterable[tuple[Job, Expectation]], *, span: Span | None, endpoint_url: str | None = None
) -> list[Target]:
    """Return where jobs write; those that write to one place are one Target, in their order.

    Raises:
        SelectionInvalid: a job says not where it writes, or it cannot be read back from there.
        DestinationInvalid: a job's destination_conf is none; names the job.
    """
    places: dict[str, Target] = {}
    for job, expectation in jobs:
        if job.destination_conf is None:
            raise SelectionInvalid(
                f"{label(job)}: it has no destination_conf; name the source to read"
            )
        try:
            destination = _of_conf(job.destination_conf.reveal())
        except SelectionInvalid as error:
            raise SelectionInvalid(f"{label(job)}: {error}") from None
        place = places.setdefault(
            destination.identity,
            Target(destination=destination, expectations=(), span=span, endpoint_url=endpoint_url),
        )
        places[destination.identity] = msgspec.structs.replace(
            place, expectations=(*place.expectations, expectation)
        )
    return list(places.values())


def _is_conf(source: str) -> bool:
    return looks_like_conf(source) or "://" in source


def _of_conf(conf: str) -> Destination:
    destination = parse_destination(conf)
    if destination.scheme not in STORED:
        raise SelectionInvalid(
            f"{destination}: what Logpush sends to {destination.scheme}:// cannot be read back;"
            " name a copy in a bucket or a folder"
        )
    return destination


def _of_path(source: str) -> Destination:
    """Return the Destination of a local path; a token's letters in it are only letters."""
    path = Path(source)
    if not source or not path.exists():
        remedy = "check the path; a bucket begins with its scheme, as s3://bucket/path"
        if DATE in source or DATE_IN_DOCUMENTS in source:
            remedy = f"a folder with {DATE} is written file:///folder/{DATE}"
        raise SelectionInvalid(
            f"{source or repr(source)}: there is no such file or folder; {remedy}"
        )
    # a file may be a link to one of another name: the name that was given is the one to judge
    path = path.resolve() if path.is_dir() else path.parent.resolve() / path.name
    return Destination(conf=Secret(path.as_uri()), scheme=Scheme.FILE, bucket=str(path), path="")


def _of_file(target: Target, path: Path) -> Target:
    """Return the Target with its folder, or the one file of it that was named."""
    if path.is_dir():
        return target
    if not path.exists():
        raise SelectionInvalid(f"{path}: there is no such file or folder; check the path")
    if not path.is_file():
        raise SelectionInvalid(f"{path}: it is neither a file nor a folder; write - for a pipe")
    folder, key = path.parent, path.name
    if day_of_copy(f"{folder.name}/{key}") is not None:  # or the key would not tell its day
        folder, key = folder.parent, f"{folder.name}/{key}"
    destination = msgspec.structs.replace(
        target.destination, conf=Secret(folder.as_uri()), bucket=str(folder)
    )
    return msgspec.structs.replace(target, destination=destination, keys=(key,), copy=True)


def _key_named(source: str, destination: Destination) -> str | None:
    """Return the key that an URL may name, if it can be an object's."""
    if destination.scheme is Scheme.FILE:
        return destination.bucket
    if source.partition("?")[0].endswith("/") or not destination.path:
        return None
    return destination.path.removesuffix("/")
