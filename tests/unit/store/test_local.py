"""What only local files can do: links, odd names, rights, half-written files, large trees."""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver.errors import ObjectChanged, ObjectMissing, Reason, StoreDenied
from receiver.limits import READ_CHUNK_BYTES
from receiver.store.bounds import Bounds
from receiver.store.local import LocalStore
from receiver.store.tree import partial_name


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


def write(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


async def keys(store: LocalStore, prefix: str = "") -> list[str]:
    return [obj.key for obj in (await store.list(prefix)).objects]


async def unlisted_of(store: LocalStore, prefix: str = "") -> dict[str, str]:
    return {each.key: each.error for each in (await store.list(prefix)).unlisted}


@pytest.mark.parametrize(
    "key", ["../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/.", "", "a\0b", "a/"]
)
async def test_a_key_that_leaves_the_folder_or_is_no_name_is_refused(
    store: LocalStore, key: str
) -> None:
    with pytest.raises(StoreDenied, match="cannot be the name of a local file"):
        await store.find(key)
    with pytest.raises(StoreDenied):
        await store.read(key, bytes_max=1)
    with pytest.raises(StoreDenied):
        await store.put(key, b"1")


@pytest.mark.parametrize("prefix", ["../", "a/../", "/", "//", "./"])
async def test_a_prefix_never_leaves_the_folder(tmp_path: Path, prefix: str) -> None:
    write(tmp_path / "outside")
    write(tmp_path / "root/a/x")
    assert await keys(LocalStore(tmp_path / "root"), prefix) == []


async def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/a.log")
    root = tmp_path / "root"
    write(root / "logs/b.log")
    (root / "logs/link.log").symlink_to(tmp_path / "elsewhere/a.log")
    (root / "logs/folder").symlink_to(tmp_path / "elsewhere")
    (root / "logs/circle").symlink_to(root)
    (root / "logs/itself").symlink_to(root / "logs/itself")
    (root / "logs/nowhere").symlink_to(root / "no-such")
    assert await keys(LocalStore(root)) == ["logs/b.log", "logs/folder/a.log", "logs/link.log"]
    unlisted = await unlisted_of(LocalStore(root))
    assert list(unlisted) == ["logs/itself", "logs/nowhere"]
    assert "a link to nowhere" in unlisted["logs/itself"]


async def test_what_is_no_plain_file_with_a_utf8_name_is_not_listed_but_told_of(
    tmp_path: Path, store: LocalStore
) -> None:
    write(tmp_path / "a.log")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty-folder").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xe9.log")).write_bytes(b"1")
    (tmp_path / os.fsdecode(b"folder-\xe9")).mkdir()
    assert await keys(store) == ["a.log"]
    unlisted = await unlisted_of(store)
    assert list(unlisted) == ["folder-\\xe9/", "latin-\\xe9.log", "pipe"]
    assert unlisted["folder-\\xe9/"].endswith(
        "folder-\\xe9: its name is not UTF-8; rename it to have it verified"
    )
    assert "no plain file" in unlisted["pipe"]
    for key in ("pipe", "empty-folder"):
        with pytest.raises(ObjectMissing, match="no plain file"):
            await store.find(key)
        with pytest.raises(ObjectMissing):
            await store.read(key, bytes_max=1)


async def test_a_file_that_is_being_written_is_not_listed(
    tmp_path: Path, store: LocalStore
) -> None:
    write(tmp_path / "logs" / partial_name("0123"))
    write(tmp_path / "logs/a")
    assert await keys(store) == ["logs/a"]
    with pytest.raises(StoreDenied):
        await store.find(f"logs/{partial_name('0123')}")


async def test_a_put_that_fails_leaves_nothing(tmp_path: Path, store: LocalStore) -> None:
    write(tmp_path / "a/folder/x")
    with pytest.raises(StoreDenied, match="a folder or a file stands where the other is needed"):
        await store.put("a/folder", b"1")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["folder"]


async def test_a_put_below_a_file_is_refused(tmp_path: Path, store: LocalStore) -> None:
    write(tmp_path / "a")
    with pytest.raises((StoreDenied, ObjectMissing)):
        await store.put("a/b", b"1")


@pytest.mark.parametrize("spoil", ["grow", "shrink", "touch"])
async def test_a_file_that_changes_while_it_is_read_has_changed(
    tmp_path: Path, store: LocalStore, spoil: str
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 2 * READ_CHUNK_BYTES)
    obj = await store.find("a")
    async with store.open(obj) as chunks:
        await anext(chunks)
        if spoil == "grow":
            with path.open("ab") as file:
                file.write(b"more")
        elif spoil == "shrink":
            os.truncate(path, READ_CHUNK_BYTES)
        else:
            os.utime(path, (1, 1))
        with pytest.raises(ObjectChanged, match="changed or replaced"):
            [chunk async for chunk in chunks]


async def test_a_file_replaced_while_it_is_read_is_read_as_it_was(
    tmp_path: Path, store: LocalStore
) -> None:
    body = b"x" * 2 * READ_CHUNK_BYTES
    obj = await store.put("a", body)
    async with store.open(obj) as chunks:
        first = await anext(chunks)
        await store.put("a", b"another")
        assert first + b"".join([chunk async for chunk in chunks]) == body


async def test_a_page_reads_no_folder_that_cannot_match(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(20):
        for minute in range(5):
            write(tmp_path / f"logs/{day:02}/{minute}.log")
    read: list[str] = []
    scandir = os.scandir

    def counted(path: bytes) -> object:
        read.append(Path(os.fsdecode(path)).relative_to(tmp_path).as_posix())
        return scandir(path)

    monkeypatch.setattr("receiver.store.tree.os.scandir", counted)
    store = LocalStore(tmp_path, bounds=Bounds(page_objects=7))
    page = await store.list("logs/")
    assert read == ["logs", "logs/00", "logs/01"]
    read.clear()
    await store.list("logs/", next=page.next)
    assert read == ["logs/02"]  # the walk goes on where it stopped
    read.clear()
    await store.list("logs/1", after="logs/17/3.log")
    assert read == ["logs", "logs/17", "logs/18", "logs/19"]


async def test_a_page_can_be_continued_by_another_store(tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path / f"{number}")
    bounds = Bounds(page_objects=4)
    page = await LocalStore(tmp_path, bounds=bounds).list("")
    rest = await LocalStore(tmp_path, bounds=bounds).list("", next=page.next)
    assert [obj.key for obj in rest.objects] == ["4", "5", "6", "7"]


async def test_a_page_that_ends_at_a_name_that_is_no_text_can_be_continued(tmp_path: Path) -> None:
    for byte in (b"\xe9", b"\xea", b"\xeb"):
        (tmp_path / os.fsdecode(b"1" + byte)).mkdir()
    write(tmp_path / "0")
    write(tmp_path / "2")
    found: list[str] = []
    next_ = None
    for _ in range(5):
        page = await LocalStore(tmp_path, bounds=Bounds(page_objects=1)).list("", next=next_)
        found += [each.key for each in page.objects] + [each.key for each in page.unlisted]
        next_ = page.next
    assert next_ is None
    assert found == ["0", "1\\xe9/", "1\\xea/", "1\\xeb/", "2"]


async def test_many_listings_at_once_do_not_meet(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / f"{number % 20:02}/{number:02}")
    store = LocalStore(tmp_path, bounds=Bounds(page_objects=1))

    async def whole_listing(prefix: str) -> list[str]:
        page = await store.list(prefix)
        found = [obj.key for obj in page.objects]
        while page.next is not None:
            page = await store.list(prefix, next=page.next)
            found += [obj.key for obj in page.objects]
        return found

    prefixes = [f"{number:02}/" for number in range(20)] + [""] * 5
    for prefix, found in zip(
        prefixes, await asyncio.gather(*map(whole_listing, prefixes)), strict=True
    ):
        assert found == sorted(found)
        assert len(found) == (2 if prefix else 40)


async def test_a_file_removed_between_two_pages_is_left_out(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"{number}")
    store = LocalStore(tmp_path, bounds=Bounds(page_objects=2))
    page = await store.list("")
    (tmp_path / "3").unlink()
    rest = await store.list("", next=page.next)
    assert [obj.key for obj in rest.objects] == ["2", "4"]


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Be nobody for a test that root would pass."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("rights", [0, 0o400, 0o300])
async def test_a_denied_folder_is_named_with_the_right_to_grant_and_the_rest_is_listed(
    tmp_path: Path, request: pytest.FixtureRequest, rights: int
) -> None:
    write(tmp_path / "open/a")
    write(tmp_path / "open/shut/b")
    write(tmp_path / "open/z/c")
    (tmp_path / "open/link").symlink_to(tmp_path / "open/shut/b")
    if os.geteuid() == 0:
        os.chown(tmp_path / "open/shut", 65534, 65534)
    (tmp_path / "open/shut").chmod(rights)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent, tmp_path / "open"):
        folder.chmod(0o755)
    request.getfixturevalue("unprivileged")
    store = LocalStore(tmp_path / "open")
    assert await keys(store) == ["a", *(["link"] if rights == 0o300 else []), "z/c"]
    unlisted = await unlisted_of(store)
    assert re.search(r"open/shut: permission denied.*read \('r'\)", unlisted["shut/"])
    assert await unlisted_of(store, "shut/") == {"shut/": unlisted["shut/"]}
    with pytest.raises(StoreDenied, match=r"open/shut: permission denied.*read \('r'\)") as caught:
        await LocalStore(tmp_path / "open/shut").list("")
    assert caught.value.reason is Reason.LIST_DENIED
    assert caught.value.right == "read ('r') and search ('x') on the folder"
    if rights == 0o300:
        return
    assert "where the link leads" in unlisted["link"]
    with pytest.raises(StoreDenied, match=r"open/shut/b: permission denied.*search \('x'\)"):
        await store.find("shut/b")
    with pytest.raises(StoreDenied, match=r"open/shut/b: permission denied") as caught:
        await store.read("shut/b", bytes_max=1)
    assert caught.value.reason is Reason.READ_DENIED
    with pytest.raises(StoreDenied, match=r"permission denied.*write \('w'\)") as caught:
        await store.put("c", b"1")
    assert caught.value.reason is Reason.WRITE_DENIED


@pytest.mark.parametrize("seconds", [2**42, -(2**42), 253402300799])
async def test_a_file_of_no_year_is_listed_and_read(
    store: LocalStore, tmp_path: Path, seconds: int
) -> None:
    write(tmp_path / "a")
    os.utime(tmp_path / "a", (seconds, seconds))  # some file systems take a nearer one
    assert await keys(store) == ["a"]
    async with store.open(await store.find("a")) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b"x"
