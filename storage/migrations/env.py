"""Alembic's environment: runs on the connection that :func:`storage.session.migrate` hands over."""

from alembic import context

from storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=False
)
context.run_migrations()
