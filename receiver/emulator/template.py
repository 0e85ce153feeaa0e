"""`record_template`: a text with fields in it, in the few words that there are of text/template.

Actions are `{{.Field}}` and constant texts, `{{"text"}}` or with backticks; comments are
`{{/* ... */}}`. No functions, no conditions, no loops.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from receiver.errors import OptionsInvalid
from receiver.job.values import quoted

_TOKEN: Final = re.compile(
    r"""\{\{(?:
        /\*(?P<comment>.*?)\*/
        |\s*\.(?P<field>[A-Za-z_][A-Za-z0-9_]*)\s*
        |\s*(?P<text>"(?:[^"\\\n]|\\.)*")\s*
        |\s*`(?P<raw>[^`]*)`\s*
    )\}\}""",
    re.VERBOSE | re.DOTALL,
)

UNSET: Final = b"null"
"""What a field renders as that the job does not ask for: documented."""


class Field(msgspec.Struct, frozen=True):
    """A place of the template where a field's value goes."""

    name: str


class Template(msgspec.Struct, frozen=True):
    """A template understood: constant texts, and fields between them."""

    parts: tuple[bytes | Field, ...]

    def render(self, values: Mapping[str, bytes]) -> bytes:
        """Return the template with the values, already written, in their places."""
        return b"".join(
            part if isinstance(part, bytes) else values.get(part.name, UNSET) for part in self.parts
        )


def parse_template(text: str) -> Template:
    """Read a job's `record_template`.

    Raises:
        OptionsInvalid: quotes the action that is none of the documented ones.
    """
    parts: list[bytes | Field] = []
    at = 0
    while (opened := text.find("{{", at)) >= 0:
        parts.append(_encoded(text[at:opened]))
        token = _TOKEN.match(text, opened)
        if token is None:
            raise OptionsInvalid(
                f"`record_template` has {quoted(text[opened:])}: an action is"
                ' {{.Field}} or {{"text"}}, and a comment {{/* ... */}}'
            )
        parts.append(_part(token))
        at = token.end()
    parts.append(_encoded(text[at:]))
    return Template(tuple(part for part in parts if part))


def _part(token: re.Match[str]) -> bytes | Field:
    if token["field"] is not None:
        return Field(token["field"])
    if token["text"] is not None:
        try:  # Go's escapes are JSON's, but for a few that nobody writes
            return _encoded(msgspec.json.decode(token["text"].encode(), type=str))
        except ValueError as error:
            message = f"`record_template` has {quoted(token['text'])}: {error}"
            raise OptionsInvalid(message) from None
    return _encoded(token["raw"] or "")


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")
