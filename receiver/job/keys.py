"""One key of a JSON object with the type that it must have, or an error that names the key.

Cloudflare's JSON lets unknown keys pass; a known key of another type is refused here. An error
never quotes a value: it may be a secret.
"""

from collections.abc import Mapping
from typing import TypeVar

from receiver.errors import ConfigError

T = TypeVar("T", str, int, bool)

_WORDS: dict[type, str] = {str: "a string", int: "an integer", bool: "true or false"}


def take(
    source: Mapping[str, object], key: str, kind: type[T], *, error: type[ConfigError]
) -> T | None:
    """Return the key's value; None where it is absent or null."""
    value = source.get(key)
    if value is None:
        return None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise error(f"`{key}` is not {_WORDS[kind]}")
    return value
