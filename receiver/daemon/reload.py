"""A configuration read again while the daemon runs: what changes, and what needs a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from receiver.daemon.settings import TABLES, Settings, read_settings
from receiver.errors import ConfigError

RESTART: Final = {"ledger": "url", "status": "listen"}
"""What is open while the daemon runs: a database, a port.

Where one of them changes, its whole table waits for the restart: the new ledger's retention is not
for the old one, nor the new address's openness for the old one.
"""


class Reload(msgspec.Struct, frozen=True, kw_only=True):
    """What came of reading it again; `settings` are those to run by from now on."""

    settings: Settings
    refused: str = ""  # why the file cannot be used: then nothing changes
    changed: tuple[str, ...] = ()  # "[watch] lateness"
    restart: tuple[str, ...] = ()  # changed in the file, and not until a restart


def reload(path: Path, running: Settings) -> Reload:
    """Read the configuration again; a bad one leaves the daemon running by the old."""
    try:
        found = read_settings(path)
    except ConfigError as error:
        return Reload(settings=running, refused=f"{error}; the daemon runs on as before")
    restart: list[str] = []
    for table, key in RESTART.items():
        before, after = getattr(running, table), getattr(found, table)
        if getattr(after, key) != getattr(before, key):
            restart.extend(_changes(table, before, after))
            found = msgspec.structs.replace(found, **{table: before})
    changed = [
        each
        for table in TABLES
        for each in _changes(table, getattr(running, table), getattr(found, table))
    ]
    if running.jobs != found.jobs:
        changed.append("[[jobs]]")
    return Reload(settings=found, changed=tuple(changed), restart=tuple(restart))


def _changes(table: str, before: msgspec.Struct, after: msgspec.Struct) -> Iterator[str]:
    for key in before.__struct_fields__:
        if getattr(before, key) != getattr(after, key):
            yield f"[{table}] {key}"
