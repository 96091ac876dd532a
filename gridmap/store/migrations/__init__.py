"""The schema's history, run by Alembic through :mod:`gridmap.store.migrate`."""
