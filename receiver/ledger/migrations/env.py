"""Alembic runs this: the steps, in the transaction of the connection that it was given."""

from alembic import context

from receiver.ledger.migrations import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
