"""What Alembic runs to migrate. Takes the connection that it is given, and its transaction."""

from alembic import context

from toolboxai.server.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
