"""Migrations of the database, run by :func:`storage.session.migrate` at the start of the node."""
