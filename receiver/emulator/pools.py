"""What the emulated site is made of: its pages, and its visitors' places. Invented, fixed."""

from functools import cache
from importlib.resources import files

import msgspec


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where visitors are, and the Cloudflare location that serves them."""

    country: str
    region: str
    city: str
    latitude: str
    longitude: str
    colo: str
    colo_id: int
    asns: tuple[int, ...]
    weight: int


class Page(msgspec.Struct, frozen=True, array_like=True):
    """One address of the site; `{n}` and `{h}` in its path stand for a number and a hash."""

    host: int
    path: str
    content: str
    methods: tuple[str, ...]
    weight: int
    asked_by: str


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What all pages of one media type have in common."""

    media_type: str
    median_bytes: int
    cacheable: bool
    cached_share: float
    origin_ms: int


class Pools(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything in `pools.json`."""

    hosts: tuple[str, ...]
    zone: str
    places: tuple[Place, ...]
    kinds: dict[str, int]
    agents: dict[str, tuple[str, ...]]
    crawler_categories: tuple[str, ...]
    ciphers: tuple[tuple[str, str, str], ...]
    pages: tuple[Page, ...]
    queries: tuple[str, ...]
    referers: tuple[str, ...]
    contents: dict[str, Content]
    statuses: dict[str, tuple[tuple[int, int], ...]]
    tcp_applications: tuple[str, ...]
    tcp_names: tuple[str, ...]
    words: tuple[str, ...]


@cache
def pools() -> Pools:
    """Read the pools, once."""
    return msgspec.json.decode(
        files("receiver.emulator").joinpath("pools.json").read_bytes(), type=Pools
    )
