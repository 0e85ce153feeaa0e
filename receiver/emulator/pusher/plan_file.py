"""A plan of faults as people write it: TOML, strictly read, so that no misspelling plants nothing.

    seed = 1
    [[fault]]
    kind = "gap"
    job = 146                        # or a name; absent: every job
    from = "2026-11-22T10:00:00Z"    # windows that begin then or later; absent: from the beginning
    to = "2026-11-22T10:05:00Z"      # and before then; absent: to the end
    every = 20                       # each twentieth window
    probability = 0.05               # or by chance; the same windows each time

`share`, `field` and `seconds` are of some kinds. Of several faults for one window, the first that
fits is planted.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from receiver.emulator.pusher.kinds import KINDS
from receiver.emulator.pusher.record_faults import SKEW_SECONDS_MAX
from receiver.emulator.pusher.rule import FaultRule, Plan
from receiver.errors import ConfigError
from receiver.job.values import quoted
from receiver.limits import FAULT_PLAN_BYTES_MAX, FAULT_PLAN_FAULTS_MAX

_ANY: Final = ("kind", "job", "from", "to", "every", "probability")
_SOME: Final = ("share", "field", "seconds")
_NAMES: Final = {"from": "start", "to": "end"}
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,79}")
_INTEGER_MAX: Final = 2**63 - 1
_EXAMPLE: Final = "2026-11-22T10:00:00Z"


def read_plan(path: Path) -> Plan:
    """Read a plan from a file.

    Raises:
        ConfigError: names the file, the fault, the setting and the remedy.
    """
    try:
        with path.open("rb") as file:
            data = file.read(FAULT_PLAN_BYTES_MAX + 1)
        return parse_plan(data.decode(), source=str(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a plan of faults") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: it is not UTF-8; write the plan as TOML") from None


def parse_plan(text: str, *, source: str) -> Plan:
    """Read a plan; `source` is how an error names it.

    Raises:
        ConfigError: names the source, the fault, the setting and the remedy.
    """
    try:
        return _plan(text)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def _plan(text: str) -> Plan:
    if len(text.encode(errors="replace")) > FAULT_PLAN_BYTES_MAX:
        raise ConfigError(f"a plan has {FAULT_PLAN_BYTES_MAX:,} bytes at most; write fewer faults")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # an endless integer is only a ValueError
        raise ConfigError(f"not TOML that can be read: {error}") from None
    _require_known(content, ("seed", "fault"), "a plan")
    faults = content.get("fault", [])
    if not isinstance(faults, list) or not all(isinstance(each, dict) for each in faults):
        raise ConfigError("`fault` is a list of tables; begin each with [[fault]]")
    if len(faults) > FAULT_PLAN_FAULTS_MAX:
        raise ConfigError(f"a plan has {FAULT_PLAN_FAULTS_MAX:,} faults at most; write fewer")
    return Plan(
        seed=_seed(content.get("seed", 0)),
        faults=tuple(_fault(each, number) for number, each in enumerate(faults, 1)),
        text=text,
    )


def _seed(value: object) -> int:
    try:
        return _integer(value, least=0)
    except ConfigError as error:
        raise ConfigError(f"`seed` {error}") from None


def _fault(source: dict[str, Any], number: int) -> FaultRule:
    try:
        return _rule(source)
    except ConfigError as error:
        raise ConfigError(f"fault {number}: {error}") from None


def _rule(source: dict[str, Any]) -> FaultRule:
    name = source.get("kind")
    if name is None:
        raise ConfigError('it has no `kind`; write one, such as kind = "gap"')
    if not isinstance(name, str) or name not in KINDS:
        raise ConfigError(f"unknown kind {quoted(str(name))}{_near(str(name), KINDS)}")
    kind = KINDS[name]
    _require_known(source, (*_ANY, *_SOME), "a fault")
    for setting in source:
        if setting in _SOME and setting not in kind.takes:
            raise ConfigError(f"`{setting}` means nothing to {name}; leave it out")
        if setting in {"every", "probability"} and kind.lasting:
            raise ConfigError(f"`{setting}` means nothing to {name}; write `from` and `to`")
    found = {_NAMES.get(key, key): _setting(key, value, name) for key, value in source.items()}
    rule = FaultRule(**found)
    if rule.start is not None and rule.end is not None and rule.start >= rule.end:
        raise ConfigError("`from` is not before `to`; exchange them")
    return rule


def _setting(key: str, value: object, kind: str) -> Any:
    try:
        if key == "seconds":
            return _integer(value, least=1, most=_seconds_max(kind))
        return _READERS[key](value)
    except ConfigError as error:
        raise ConfigError(f"`{key}` {error}") from None


def _seconds_max(kind: str) -> int:
    return SKEW_SECONDS_MAX if kind == "clock-skew" else 366 * 86_400


def _integer(value: object, *, least: int, most: int = _INTEGER_MAX) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ConfigError(f"is not a whole number from {least} to {most}; write one")
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ConfigError("is not a share; write a number above 0, to 1")
    return float(value)


def _job(value: object) -> int | str:
    if isinstance(value, str) and value:
        return value
    if type(value) is int and 0 < value <= _INTEGER_MAX:
        return value
    raise ConfigError("is not a job; write its id, or its name in quotes")


def _moment(value: object) -> datetime:
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ConfigError(f"is {quoted(value)}, which is no time; write {_EXAMPLE}") from None
    if not isinstance(moment, datetime):
        what = "a day" if isinstance(moment, date) else "no time"
        raise ConfigError(f"is {what}; write a moment such as {_EXAMPLE}")
    if moment.tzinfo is None:
        raise ConfigError(f"has no time zone; write it as {_EXAMPLE}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ConfigError(f"is out of all time; write a moment such as {_EXAMPLE}") from None


def _field(value: object) -> str:
    if isinstance(value, str) and _FIELD.fullmatch(value):
        return value
    raise ConfigError('is not the name of a field; write one such as "BotScore"')


def _require_known(source: dict[str, Any], known: Collection[str], what: str) -> None:
    for key in source:
        if key not in known:
            raise ConfigError(f"{what} has no setting {quoted(key)}{_near(key, known)}")


def _near(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f": did you mean {near[0]}?" if near else f"; it is one of {', '.join(known)}"


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "kind": str,
    "job": _job,
    "from": _moment,
    "to": _moment,
    "every": lambda value: _integer(value, least=1),
    "probability": _share,
    "share": _share,
    "field": _field,
}
