"""How a ledger becomes what tables.py says: one module a step, run by code when it is opened."""

from typing import Final

HEAD: Final = "0001"
"""The last step; a test holds it against the modules."""

VERSION_TABLE: Final = "ledger_version"
