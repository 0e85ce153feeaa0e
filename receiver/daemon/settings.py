"""The daemon's Settings: one TOML file, strictly read, with all its mistakes told at once.

    [ledger]
    url = "sqlite:///receiver.db"

    [status]
    listen = "127.0.0.1:8788"

    [[jobs]]
    file = "job.json"

`config/receiver.toml` has every key. Paths are relative to the file's folder. Secrets are no part
of it: "env:NAME" or "@FILE" says where one stands.
"""

import tomllib
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from receiver.daemon.settings_jobs import JobsSettings, read_source
from receiver.daemon.settings_table import Table, refuse_unknown
from receiver.daemon.settings_values import (
    Count,
    Duration,
    Hidden,
    Listen,
    Size,
    Text,
    choice,
    read_count,
    read_elsewhere,
    read_listen,
    read_text,
)
from receiver.errors import ConfigError, LedgerInvalid, SettingsInvalid
from receiver.given import is_elsewhere
from receiver.ledger.address import PostgresAddress, parse_address
from receiver.limits import LOAD_BYTES_MAX, MIB, SETTINGS_BYTES_MAX, SPAN_DAYS_MAX
from receiver.secret import Secret

_SQLITE: Final = "sqlite:///"
_DAY: Final = timedelta(days=1)
_FORGET_AFTER: Final = 2 * _DAY  # a batch of a day's first minute, and a daemon that was off


class LogFormat(StrEnum):
    """For whom the log is."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """What is not worth a line of the log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _read_url(value: object, folder: Path) -> Secret:
    """Read a ledger's URL; a file that it names is relative to the configuration's folder."""
    url = read_text(value, folder)
    if is_elsewhere(url):
        url = read_elsewhere(url, folder)
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        url = f"{_SQLITE}{folder / url.removeprefix(_SQLITE)}"
    try:
        parse_address(Secret(url))
    except LedgerInvalid as error:
        raise ConfigError(str(error)) from None
    return Secret(url)


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where what was seen and judged is kept, and how long."""

    url: Annotated[Secret, _read_url]
    keep_reports: Duration = 30 * _DAY  # a batch's whole Report
    keep_entries: Duration = 90 * _DAY  # its line in the ledger; what waits stays
    entries_max: Count = 10_000_000  # beyond it the oldest judged go early, if not open any more

    @property
    def name(self) -> str:
        """What it is called where everybody may read."""
        return parse_address(self.url).name


class StatusSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the status page answers, and to whom."""

    listen: Annotated[Listen, read_listen] = Listen(host="127.0.0.1", port=8788)
    user: Text = None  # with `password`: basic auth
    password: Hidden = None
    token: Hidden = None  # bearer auth

    @property
    def guarded(self) -> bool:
        """Whether whoever asks has to say who they are."""
        return self.password is not None or self.token is not None


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is logged, and how."""

    format: Annotated[LogFormat, choice(LogFormat)] = LogFormat.JSON
    level: Annotated[LogLevel, choice(LogLevel)] = LogLevel.INFO


class WatchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How places are looked at."""

    lateness: Duration = timedelta(hours=24)  # after its end a day's folder is looked at so long
    poll_min: Duration = timedelta(seconds=2)  # between two looks while batches arrive
    poll_max: Duration = timedelta(minutes=1)  # and while none do


class IntakeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How batches are read and judged."""

    processes: Annotated[int | None, read_count] = None  # None: one for each usable core
    memory: Size = 256 * MIB  # what reading may take at once, estimated
    tries: Count = 8  # what cannot be read is parked after so many tries
    park_after: Duration = timedelta(hours=24)  # and not sooner than this after the first


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All of the file. Printing it shows no secret."""

    ledger: LedgerSettings
    jobs: tuple[JobsSettings, ...]
    status: StatusSettings = StatusSettings()
    log: LogSettings = LogSettings()
    watch: WatchSettings = WatchSettings()
    intake: IntakeSettings = IntakeSettings()
    warnings: tuple[str, ...] = ()  # what is sound and may be meant otherwise

    @property
    def keep_open(self) -> timedelta:
        """How long an Entry stays in any case: while its folder may still be looked at."""
        return self.watch.lateness + _FORGET_AFTER


TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "ledger": LedgerSettings,
    "status": StatusSettings,
    "log": LogSettings,
    "watch": WatchSettings,
    "intake": IntakeSettings,
}


def read_settings(path: Path) -> Settings:
    """Read a configuration, with the files, variables and jobs that it names.

    Raises:
        SettingsInvalid: names the file, and of every mistake the key and the remedy.
    """
    content, folder = _load(path), path.absolute().parent
    mistakes: list[str] = []
    whole = Table(content, name="the file", folder=folder, mistakes=mistakes)
    refuse_unknown(whole, (*TABLES, "jobs"))
    found: dict[str, Any] = {}
    for name, kind in TABLES.items():
        table = Table(content.get(name, {}), name=f"[{name}]", folder=folder, mistakes=mistakes)
        found[name] = table.read(kind)
        if found[name] is not None:
            _look_over(table, found[name])
    mistakes += _forgetful(found["ledger"], found["watch"])
    sources = content.get("jobs", [])
    if not isinstance(sources, list) or not sources:
        mistakes.append('no jobs are named; begin with [[jobs]] and file = "job.json"')
        sources = []
    jobs = []
    for number, source in enumerate(sources, 1):
        name = f"[[jobs]] {number}"
        table = Table(source, name=name, folder=folder, mistakes=mistakes)
        jobs.append(read_source(table, name=name))
    if mistakes:
        raise SettingsInvalid(str(path), mistakes)
    return Settings(
        **found,
        jobs=tuple(each for each in jobs if each is not None),
        warnings=tuple(_warnings(content, found["ledger"])),
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            plain = file.read(SETTINGS_BYTES_MAX + 1)
        if len(plain) > SETTINGS_BYTES_MAX:
            raise SettingsInvalid(str(path), [f"it has more than {SETTINGS_BYTES_MAX:,} bytes"])
        return tomllib.loads(plain.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = f"not TOML that can be read: {error}"
        if isinstance(error, OSError):
            said = f"{error.strerror}; name a configuration, as config/receiver.toml is one"
        elif isinstance(error, UnicodeDecodeError):
            said = "it is not UTF-8; write it as TOML"
        raise SettingsInvalid(str(path), [said]) from None


def _look_over(table: Table, found: msgspec.Struct) -> None:
    """Note what each key alone does not show."""
    if isinstance(found, StatusSettings):
        if (found.user is None) != (found.password is None):
            given, missing = ("password", "user") if found.user is None else ("user", "password")
            table.mistake(missing, f"it is missing, and {given} is there; write both")
        if not found.listen.is_loopback and not found.guarded:
            table.mistake(
                "listen",
                "others than this machine can ask there: add user and password, or token;"
                " or listen at 127.0.0.1",
            )
    if isinstance(found, WatchSettings):
        if found.poll_min > found.poll_max:
            table.mistake("poll_min", "it is above poll_max; write the shorter one here")
        if found.lateness > SPAN_DAYS_MAX * _DAY:
            table.mistake("lateness", f"write {SPAN_DAYS_MAX}d at most: each day is listed")
    if isinstance(found, IntakeSettings) and found.memory < LOAD_BYTES_MAX:
        table.mistake("memory", f"write {LOAD_BYTES_MAX // MIB} MiB or more: that is one load")


def _forgetful(ledger: LedgerSettings | None, watch: WatchSettings | None) -> list[str]:
    """Name a retention that forgets what is still listed: it would be new, and judged again."""
    if ledger is None or watch is None or ledger.keep_entries >= watch.lateness + _FORGET_AFTER:
        return []
    said = "write [watch] lateness and two days at least: what is forgotten while its folder is"
    return [f"[ledger] keep_entries: {said} looked at would be judged again"]


def _warnings(content: dict[str, Any], ledger: LedgerSettings) -> list[str]:
    warnings = []
    address = parse_address(ledger.url)
    if (
        isinstance(address, PostgresAddress)
        and address.password
        and not is_elsewhere(content["ledger"]["url"])
    ):
        warnings.append(
            '[ledger] url: a password stands in the file; write "env:NAME" or "@FILE" instead'
        )
    if ledger.keep_reports > ledger.keep_entries:
        warnings.append("[ledger] keep_reports: reports go with their entries, after keep_entries")
    return warnings
