"""Tables of the configuration: each key is read by the reader that its struct names for it.

A mistake does not stop the reading: a person wants to know all of them at once.
"""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import msgspec

from receiver.daemon.settings_values import Reader, kind_of
from receiver.errors import ConfigError

S = TypeVar("S", bound=msgspec.Struct)

_KEY_CHARS_MAX: Final = 40


class Table:
    """One table of the file: says what is wrong with it, and where."""

    def __init__(self, content: object, *, name: str, folder: Path, mistakes: list[str]) -> None:
        self.folder = folder
        self._name = name
        self._mistakes = mistakes
        self._known = len(mistakes)
        self.content: Mapping[str, Any] = {}
        if isinstance(content, dict):
            self.content = content
        else:
            self.mistake("", f"it is {kind_of(content)}; it is a table: begin it with {name}")

    @property
    def sound(self) -> bool:
        """Whether no mistake was found in it so far."""
        return len(self._mistakes) == self._known

    def mistake(self, key: str, said: str) -> None:
        """Note what is wrong with a key, or with the table."""
        self._mistakes.append(f"{self._name} {key}: {said}" if key else f"{self._name}: {said}")

    def read(self, kind: type[S]) -> S | None:
        """Read it as a struct; None where it cannot be, and why is noted."""
        readers = readers_of(kind)
        refuse_unknown(self, readers)
        values = {}
        for key in filter(readers.__contains__, self.content):
            try:
                values[key] = readers[key](self.content[key], self.folder)
            except ConfigError as error:
                self.mistake(key, str(error))
        for field in msgspec.structs.fields(kind):
            if field.required and field.name not in self.content:
                self.mistake(field.name, "it is missing")
        return kind(**values) if self.sound else None


def readers_of(kind: type[msgspec.Struct]) -> dict[str, Reader]:
    """Return the keys of a table with their readers; what has none is derived and no key."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")
    }


def refuse_unknown(table: Table, known: Collection[str]) -> None:
    """Note the keys that mean nothing here, each with the one that may be meant."""
    for key in table.content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}"
            table.mistake("", f"unknown key {key[:_KEY_CHARS_MAX]!r}; {remedy}")
