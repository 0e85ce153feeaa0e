"""The {DATE} token: written into a path, read back out of a key, and its misuses named.

Logpush puts the day, UTC, as YYYYMMDD, wherever a path holds exactly `{DATE}`. Strings only.
"""

import re
from datetime import date
from typing import Final

DATE: Final = "{DATE}"
DATE_IN_DOCUMENTS: Final = "<DATE>"
_DAY_CHARS: Final = 8

_OPEN: Final = r"(?:[{<]|%7B|%3C)"
_CLOSE: Final = r"(?:[}>]|%7D|%3E)"
# Repeats are bounded: a long row of braces must not cost the square of its length.
_TOKEN_LIKE: Final = re.compile(
    rf"\$?{_OPEN}{{1,3}}\s{{0,3}}DATE(?![A-Za-z0-9_])\s{{0,3}}{_CLOSE}{{0,3}}"
    rf"|(?<![A-Za-z0-9_])DATE\s{{0,3}}{_CLOSE}{{1,3}}"
    r"|\$DATE(?![A-Za-z0-9_])|%DATE%",
    re.IGNORECASE,
)
_TOKEN_IN_QUERY: Final = re.compile(rf"{_OPEN}DATE{_CLOSE}", re.IGNORECASE)
_OTHER_TOKEN: Final = re.compile(r"[{<][^{}<>/]{1,32}[}>]|(?:%[YmHMS][-_]?){1,6}")
_LEFT_IN_KEY: Final = re.compile(r"\{DATE\}|<DATE>|%7[Bb]DATE%7[Dd]|%3[Cc]DATE%3[Ee]")


def expand(path: str, day: date) -> str:
    """Return the path with every {DATE} replaced by the day."""
    return path.replace(DATE, day.isoformat().replace("-", ""))


def literal_prefix(path: str) -> str:
    """Return what precedes the first {DATE}: the whole path where there is none."""
    return path.partition(DATE)[0]


def day_in(path: str, key: str) -> date | None:
    """Return the day that a key names where its destination's path has {DATE}.

    The key has to begin with the whole path, one day in all its tokens; anything may follow.
    """
    start = path.find(DATE)
    if start < 0:
        return None
    day = _read_day(key[start : start + _DAY_CHARS])
    return day if day is not None and key.startswith(expand(path, day)) else None


def day_of_copy(key: str) -> date | None:
    """Return the day of a key whose destination nobody knows.

    It is the folder nearest to the object's name that is eight digits and a date.
    """
    folders = key.split("/")[:-1]
    days = (_read_day(folder) for folder in reversed(folders))
    return next((day for day in days if day is not None), None)


def unsubstituted(key: str) -> str | None:
    """Return the token that a delivered key still holds, as it stands there, if it holds one."""
    left = _LEFT_IN_KEY.search(key)
    return left.group() if left else None


def misuses(conf: str) -> tuple[str, ...]:
    """Say what is wrong with each {DATE} of a destination_conf, with the remedy; shows no secret.

    `<DATE>` in the path is none: it is read as the token, and a note says what to write.
    """
    scheme, _, rest = conf.partition("://")
    address, _, query = rest.partition("?")
    authority, _, path = address.partition("/")
    if scheme.lower() == "azure" and "." in authority:  # the container is no part of the path
        container, _, path = path.partition("/")
        authority = f"{authority}/{container}"
    found = []
    if _TOKEN_LIKE.search(authority):
        found.append(
            "a date token stands before the path: Logpush substitutes {DATE} in the path only"
        )
    tokens = dict.fromkeys(match.group() for match in _TOKEN_LIKE.finditer(path))
    found += [
        _explain(token) for token in tokens if token not in {DATE, DATE_IN_DOCUMENTS}
    ]  # a match is nothing but a token's letters and brackets: it can hold no secret
    if _TOKEN_IN_QUERY.search(query):
        found.append(
            "a date token stands in the parameters: Logpush substitutes {DATE} in the path only,"
            " write it before the `?`"
        )
    return tuple(found)


def other_tokens(path: str) -> tuple[str, ...]:
    """Return what looks like a token of another kind, `{HOUR}` or `%Y`: it stays in the keys."""
    found = dict.fromkeys(match.group() for match in _OTHER_TOKEN.finditer(path))
    return tuple(token for token in found if token not in {DATE, DATE_IN_DOCUMENTS})


def _explain(token: str) -> str:
    """Name a misuse in the path as what it is."""
    if token.startswith("$"):
        reason = "is a variable of a shell or a template, which Logpush does not know"
    elif token.startswith("%") and token.endswith("%"):
        reason = "is a variable of a command prompt, which Logpush does not know"
    elif "%" in token:
        reason = "is percent-encoded, and is not known to be substituted (curl needs --globoff)"
    elif token.upper() in {DATE, DATE_IN_DOCUMENTS}:
        reason = "is not in capitals"
    elif len(re.findall("[{<]", token)) > 1 or len(re.findall("[}>]", token)) > 1:
        reason = "has doubled brackets"
    else:
        reason = "is not the token"
    return f"`{token}` {reason}: write {DATE}"


def _read_day(text: str) -> date | None:
    """Read YYYYMMDD; None where it is no date."""
    if len(text) != _DAY_CHARS or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
