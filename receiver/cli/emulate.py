"""`emulate`: a Logpush of one's own, with its API and its pusher, on this machine."""

import asyncio
import secrets
import signal
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from receiver.cli.arguments import text_of
from receiver.cli.output import echo_lines
from receiver.cli.streams import tell
from receiver.clock import SystemClock
from receiver.emulator.clock import SPEED_MAX
from receiver.emulator.pusher.traffic import RATE_DEFAULT
from receiver.errors import ConfigError
from receiver.report.sweep_report import Exit
from receiver.secret import Secret
from receiver.selection.span import parse_moment

if TYPE_CHECKING:
    from receiver.emulator.api.credentials import Credentials
    from receiver.emulator.service import Ready, Service

_LISTEN: Final = "127.0.0.1:8787"
_HEX: Final = frozenset("0123456789abcdef")
_ID_CHARS: Final = 32
_RATE_MAX: Final = 100_000  # of five minutes, half a million lines are in memory at once
_EMAIL: Final = "emulator@example.com"
_EXAMPLE_ID: Final = "0123456789abcdef0123456789abcdef"


@click.command(
    short_help="Run a Logpush of one's own: its API, and a pusher.",
    epilog="""\b
Examples:
  logpush-receiver emulate
  logpush-receiver emulate --api-token env:TOKEN --state logpush.sqlite
  logpush-receiver emulate --start -6h --speed 3600 \\
    --faults plan.toml --manifest planted.ndjson

\b
Exit codes: 0 ended by SIGTERM; 2 usage or configuration; 3 its state could not
be kept; 130 ended by Ctrl-C.""",
)
@click.option("--listen", default=_LISTEN, show_default=True, metavar="HOST:PORT")
@click.option("--listen-anywhere", is_flag=True, help="Allow --listen beyond this machine.")
@click.option("--api-token", "tokens", multiple=True, metavar="T", help="Who has it may ask.")
@click.option("--api-key", "keys", multiple=True, metavar="EMAIL:KEY", help="Likewise, by headers.")
@click.option("--state", metavar="FILE", help="Keep jobs in FILE, and go on with what it has.")
@click.option("--ephemeral", is_flag=True, help="Keep nothing: so it is without --state.")
@click.option("--zone", "zones", multiple=True, metavar="ID", help="Serve only such zones.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="... such accounts.")
@click.option(
    "--several-per-destination", is_flag=True, help="Let jobs share one, as since May 2022."
)
@click.option("--faults", metavar="FILE", help="Spoil what is pushed by this plan (TOML).")
@click.option("--manifest", metavar="FILE", help="Note there what was pushed and spoiled.")
@click.option("--records", metavar="FILE", help="Push records of this NDJSON file.")
@click.option("--start", default="now", show_default=True, metavar="T", help="The clock's begin.")
@click.option(
    "--speed",
    type=click.FloatRange(0, SPEED_MAX, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How many times as fast its clock runs.",
)
@click.option(
    "--rate",
    type=click.IntRange(0, _RATE_MAX),
    default=RATE_DEFAULT,
    show_default=True,
    metavar="N",
    help="Records a minute of each job, at the busiest hour.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other records.")
def emulate(
    listen: str,
    listen_anywhere: bool,
    tokens: tuple[str, ...],
    keys: tuple[str, ...],
    state: str | None,
    ephemeral: bool,
    zones: tuple[str, ...],
    accounts: tuple[str, ...],
    several_per_destination: bool,
    faults: str | None,
    manifest: str | None,
    records: str | None,
    start: str,
    speed: float,
    rate: int,
    seed: int,
) -> int:
    """Serve the Logpush API and push what its jobs ask for, until it is stopped.

    Without credentials some are made and printed. Where a secret is asked for, @FILE and env:NAME
    work too. A fast clock should begin in the past: --start -6h --speed 3600.

    Whoever signs in has this process write where a destination_conf says, with your rights:
    file:// is any folder of yours, s3:// and gs:// any bucket that your own keys open.
    """
    from receiver.emulator.api.rules import Rules  # with these comes a web server
    from receiver.emulator.service import Service

    if state is not None and ephemeral:
        raise click.UsageError("--state keeps what --ephemeral forgets: give the one or the other")
    host, port = _address(listen, anywhere=listen_anywhere)
    clock = SystemClock()
    credentials, made = _credentials(tokens, keys)
    service = Service(
        host=host,
        port=port,
        credentials=credentials,
        rules=Rules(
            zones=_ids("--zone", zones),
            accounts=_ids("--account", accounts),
            several_per_destination=several_per_destination,
        ),
        state_file=_path(state),
        faults_file=_path(faults),
        manifest_file=_path(manifest),
        records_file=_path(records),
        start=parse_moment(start, option="--start", now=clock.now()),
        speed=speed,
        rate=rate,
        seed=seed,
    )

    def on_ready(ready: "Ready") -> None:
        echo_lines(_told(ready, service, made=made))
        if not _is_loopback(host):
            tell(["others can reach it: who signs in writes files here, with this user's rights"])

    asyncio.run(_until_told(service, clock, on_ready))
    return Exit.PASS


async def _until_told(
    service: "Service", clock: SystemClock, on_ready: "Callable[[Ready], None]"
) -> None:
    """Serve until SIGTERM, which is how a server is ended; Ctrl-C interrupts it as any command."""
    from receiver.emulator.service import serve

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await serve(service, real=clock, stop=stop, on_ready=on_ready)


def _told(ready: "Ready", service: "Service", *, made: bool) -> Iterator[str]:
    """Yield what a person needs to go on, and in the first line what a script waits for."""
    yield f"listening on {ready.url}"
    yield f"the API is {ready.url}/client/v4"
    yield f"and described in {ready.url}/openapi.json"
    where = f"in {service.state_file}" if service.state_file else "in memory, gone with this run"
    yield f"jobs are kept {where}: {ready.jobs} so far"
    if service.manifest_file:
        yield f"what is pushed, and what is planted, is noted in {service.manifest_file}"
    elif service.faults_file:
        yield "what is planted is noted nowhere: --manifest FILE notes it"
    fast = f", {service.speed:g} times as fast" if service.speed != 1 else ""
    yield f"the clock begins at {service.start:%Y-%m-%d %H:%M:%S} UTC{fast}"
    if not made:
        return
    (token,), ((email, key),) = service.credentials.tokens, service.credentials.keys
    scopes, ids = "zones", service.rules.zones
    if ids is None and service.rules.accounts is not None:
        scopes, ids = "accounts", service.rules.accounts
    yield ""
    yield "In another window (the token is made for this run, and shown this once):"
    yield f"  export CLOUDFLARE_API_TOKEN={token.reveal()}"
    yield f"  export CLOUDFLARE_BASE_URL={ready.url}/client/v4"
    yield '  curl -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" \\'
    yield f"    $CLOUDFLARE_BASE_URL/{scopes}/{min(ids or {_EXAMPLE_ID})}/logpush/jobs"
    yield "or sign in by two headers:"
    yield f"  X-Auth-Email: {email}"
    yield f"  X-Auth-Key: {key.reveal()}"


def _credentials(tokens: tuple[str, ...], keys: tuple[str, ...]) -> tuple["Credentials", bool]:
    """Return who may ask, and whether we made them up, since nobody was named."""
    from receiver.emulator.api.credentials import Credentials

    if not tokens and not keys:
        made_key = (_EMAIL, Secret(secrets.token_hex(19)[:37]))  # as long as Cloudflare's
        return Credentials(tokens=(Secret(secrets.token_urlsafe(30)),), keys=(made_key,)), True
    given = tuple(Secret(_not_empty(text_of(token, option="--api-token "))) for token in tokens)
    pairs = []
    for pair in keys:
        email, _, key = text_of(pair, option="--api-key ").partition(":")
        if not email or not key:
            raise ConfigError("--api-key: write EMAIL:KEY, with a colon between the two")
        pairs.append((email, Secret(key)))
    return Credentials(tokens=given, keys=tuple(pairs)), False


def _not_empty(token: str) -> str:
    if not token.strip():
        raise ConfigError("--api-token: it is empty, and would let everybody in")
    return token


def _ids(option: str, ids: tuple[str, ...]) -> frozenset[str] | None:
    """Return the ids that are served; None for any."""
    for each in ids:
        if len(each) != _ID_CHARS or set(each) - _HEX:
            raise ConfigError(f"{option} {each[:40]}: an id is 32 hexadecimal digits, a to f small")
    return frozenset(ids) or None


def _address(listen: str, *, anywhere: bool) -> tuple[str, int]:
    """Read HOST:PORT; it has no TLS, and whoever reaches it may try tokens, so loopback only."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError(f"--listen {listen}: write HOST:PORT, such as {_LISTEN}; port 0 is any")
    if not anywhere and not _is_loopback(host):
        raise ConfigError(
            f"--listen {listen}: others than this machine could reach it, in clear text;"
            " if that is meant, add --listen-anywhere"
        )
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)
