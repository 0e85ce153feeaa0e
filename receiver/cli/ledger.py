"""`ledger`: what the daemon remembers, looked at, written out, proved."""

import click

from receiver.cli.ledger_export import export
from receiver.cli.ledger_list import list_
from receiver.cli.ledger_prove import prove
from receiver.cli.ledger_prune import prune
from receiver.cli.ledger_show import show


@click.group(
    short_help="Look at what the daemon has judged, and prove it.",
    epilog="""\b
Examples:
  logpush-receiver ledger list --verdict fail --from yesterday
  logpush-receiver ledger show 48213
  logpush-receiver ledger prove --from -7d
  logpush-receiver ledger export -o manifest.ndjson""",
)
def ledger() -> None:
    """Look at what the daemon has seen and judged: its ledger, which [ledger] names.

    The daemon may be running meanwhile, or not.
    """


for _command in (list_, show, export, prune, prove):
    ledger.add_command(_command)
