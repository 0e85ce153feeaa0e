"""Single values of the configuration: what TOML holds -> what a setting is.

A reader takes a value and the folder that relative paths are relative to. What it refuses is a
ConfigError that says what the value is and what to write; its caller says which key it is about.
"""

import ipaddress
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from receiver.errors import ConfigError
from receiver.given import is_elsewhere, text_of
from receiver.limits import GIB, KIB, MIB
from receiver.secret import Secret

Reader: TypeAlias = Callable[[Any, Path], Any]

_DURATION: Final = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION_MAX: Final = timedelta(days=3660)
_SIZE: Final = re.compile(r"(\d{1,9}) ?([kKMG]i?B)", re.ASCII)
_SIZES: Final = {"KIB": KIB, "MIB": MIB, "GIB": GIB, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
_COUNT_MAX: Final = 2**53
_KINDS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (  # a bool is an int, too
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "a text"),
    (dict, "a table"),
    (list, "a list"),
    ((date, time), "a date or time"),
)


class Listen(msgspec.Struct, frozen=True, kw_only=True):
    """An address to answer at."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can ask there."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        """The address as a URL has it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def kind_of(value: object) -> str:
    """Return what TOML calls a value: its text may be a secret."""
    if value == "":
        return "empty"
    return next((name for kinds, name in _KINDS if isinstance(value, kinds)), "something else")


def refused(value: object, remedy: str) -> ConfigError:
    """Return the error for a value of another kind or form."""
    form = "no such text" if isinstance(value, str) and value else kind_of(value)
    return ConfigError(f"it is {form}; write {remedy}")


def read_text(value: object, _folder: Path) -> str:
    """Read a text."""
    if not isinstance(value, str) or not value.strip():
        raise refused(value, 'a text in quotes, as "abc"')
    return value


def read_duration(value: object, _folder: Path) -> timedelta:
    """Read a span of time: "90s", "5m", "24h", "30d"."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        found = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    except OverflowError:
        found = timedelta()
    if not timedelta() < found <= _DURATION_MAX:
        remedy = '"90s", "5m", "24h" or "30d", above 0 and ten years at most'
        raise refused(value, f"a duration: {remedy}")
    return found


def read_size(value: object, _folder: Path) -> int:
    """Read a number of bytes: "256 MiB"."""
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not int(match[1]):
        raise refused(value, 'a number of bytes with its unit: "256 MiB", "1 GiB"')
    return int(match[1]) * _SIZES[match[2].upper()]


def read_count(value: object, _folder: Path) -> int:
    """Read a whole number above 0."""
    if type(value) is not int or not 0 < value <= _COUNT_MAX:
        out = type(value) is int
        raise ConfigError(f"it is {'out of range' if out else kind_of(value)}; write 1 or more")
    return value


def read_numbers(value: object, _folder: Path) -> tuple[int, ...]:
    """Read a list of ids."""
    if not isinstance(value, list) or not value or not all(type(each) is int for each in value):
        raise refused(value, "a list of jobs' ids: [146, 147]")
    return tuple(value)


def read_listen(value: object, _folder: Path) -> Listen:
    """Read the address of a server of ours."""
    remedy = 'HOST:PORT, as "127.0.0.1:8788" or "[::1]:8788"'
    host, colon, port = value.strip().rpartition(":") if isinstance(value, str) else ("", "", "")
    sound = colon and _HOST.fullmatch(host) and port.isascii() and port.isdecimal()
    if not sound or int(port[:6]) > 65535:
        raise refused(value, remedy)
    if host.startswith("["):
        try:
            host = str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise refused(value, remedy) from None
    return Listen(host=host, port=int(port))


def read_secret(value: object, folder: Path) -> Secret:
    """Read a secret from where its text stands; here it does not stand."""
    if not isinstance(value, str) or not value:
        raise refused(value, '"env:NAME" or "@FILE", where the secret stands')
    if not is_elsewhere(value):
        raise ConfigError(
            "a secret stands in the file; keep it in a variable or a file of its own and write"
            ' "env:NAME" or "@FILE"'
        )
    return Secret(read_elsewhere(value, folder))


def read_elsewhere(value: str, folder: Path) -> str:
    """Return a text, or what stands where it says.

    Raises:
        ConfigError: names the variable or the file.
    """
    where = f"@{folder / value[1:]}" if value.startswith("@") else value
    text = text_of(where)
    if not text.strip():
        raise ConfigError(f"{where} holds no text; write the secret into it")
    return text


def choice(kind: type[StrEnum]) -> Reader:
    """Return the reader of one word of several."""

    def read(value: Any, _folder: Path) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            words = " or ".join(f'"{word}"' for word in kind)
            raise refused(value, words) from None

    return read


Text: TypeAlias = Annotated[str | None, read_text]
Duration: TypeAlias = Annotated[timedelta, read_duration]
Size: TypeAlias = Annotated[int, read_size]
Count: TypeAlias = Annotated[int, read_count]
Hidden: TypeAlias = Annotated[Secret | None, read_secret]
