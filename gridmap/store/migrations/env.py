"""Alembic's environment: runs on the connection that :mod:`gridmap.store.migrate` hands over.

There is no ``alembic.ini``. For drafting a revision after a change of the schema, see
the options and the template beside this file.
"""

from alembic import context

from gridmap.store.migrations.options import migration_options

context.configure(**migration_options(context.config.attributes["connection"]))
with context.begin_transaction():
    context.run_migrations()
