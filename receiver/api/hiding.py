"""What a text of the API's must not show: it may repeat what was sent, address, keys and all."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, unquote

from receiver.job.job import redacted
from receiver.secret import REDACTED

_CHARS_MIN: Final = 6
"""A shorter value is no secret worth the name, and hiding it would leave holes in any sentence."""

_TEXT_CHARS_MAX: Final = 16_384
"""So much of a text is looked at; what is shown of it is shorter."""

_SENT_SECRETS: Final = ("destination_conf", "ownership_challenge")


class Hiding:
    """Hides the secrets that were sent, in every writing, and every other address."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = secrets

    def joined(self, body: Mapping[str, object] | None) -> "Hiding":
        """Return one that hides the secrets of a request's body as well."""
        return Hiding([*self._secrets, *_sent(body or {})])

    def __call__(self, text: str) -> str:
        """Return a text on one line, cut, without what must not be shown."""
        text = text[:_TEXT_CHARS_MAX]
        shapes = {shape for secret in self._secrets for shape in _shapes(secret)}
        for shape in sorted(shapes, key=len, reverse=True):  # the longer may hold the shorter
            text = text.replace(shape, REDACTED)
        return " ".join(redacted(text).split()).rstrip(".")


def _sent(body: Mapping[str, object]) -> Iterator[str]:
    for key in _SENT_SECRETS:
        value = body.get(key)
        if not isinstance(value, str):
            continue
        yield value
        if key != "destination_conf":
            continue
        address, _, query = value.partition("://")[2].partition("?")
        yield query
        yield from (item.partition("=")[2] for item in query.split("&"))
        if value.lower().startswith(("sumo:", "wss:")):  # its last segment is a key
            yield address.rpartition("/")[2]


def _shapes(secret: str) -> set[str]:
    shapes = {secret, quote(secret, safe=""), quote(secret), unquote(secret)}
    return {shape for shape in shapes if len(shape) >= _CHARS_MIN}
