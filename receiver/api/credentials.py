"""Who we are to Cloudflare's API, by the names that Cloudflare's own tools have for it."""

from collections.abc import Mapping
from typing import Final

import msgspec

from receiver.errors import ConfigError
from receiver.secret import Secret

TOKEN_NAME: Final = "CLOUDFLARE_API_TOKEN"  # noqa: S105 (a name)
EMAIL_NAME: Final = "CLOUDFLARE_EMAIL"
KEY_NAME: Final = "CLOUDFLARE_API_KEY"


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """An API token; or an email and the API key that belongs to it."""

    token: Secret | None = None
    email: Secret | None = None
    key: Secret | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that sign a request in."""
        if self.token:
            return {"Authorization": f"Bearer {self.token.reveal()}"}
        assert self.email
        assert self.key
        return {"X-Auth-Email": self.email.reveal(), "X-Auth-Key": self.key.reveal()}

    def secrets(self) -> list[str]:
        """Return what must not be shown."""
        return [each.reveal() for each in (self.token, self.email, self.key) if each]


def find_credentials(environ: Mapping[str, str]) -> Credentials:
    """Take the credentials from the environment, the token before the key: it can do less harm.

    Raises:
        ConfigError: there are none, or half of them, or what no request can send.
    """
    token, email, key = (_read(environ, name) for name in (TOKEN_NAME, EMAIL_NAME, KEY_NAME))
    if token:
        return Credentials(token=token)
    if email and key:
        return Credentials(email=email, key=key)
    if email or key:
        given, missing = (EMAIL_NAME, KEY_NAME) if email else (KEY_NAME, EMAIL_NAME)
        raise ConfigError(f"{given} is set without {missing}: export both, or {TOKEN_NAME}")
    raise ConfigError(
        f"nothing says who asks the API: export {TOKEN_NAME} (a token with Logs: Write),"
        f" or {EMAIL_NAME} and {KEY_NAME}"
    )


def _read(environ: Mapping[str, str], name: str) -> Secret | None:
    """Return a variable's value; blanks and line ends around it are not its own."""
    value = environ.get(name, "").strip()
    if not value:
        return None
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigError(f"{name} holds a character that no header can have: copy it anew")
    return Secret(value)
