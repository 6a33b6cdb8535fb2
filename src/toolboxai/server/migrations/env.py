"""What Alembic runs to migrate. Takes the connection that it is given, and its transaction."""

import logging

from alembic import context

from toolboxai.server.models import Base

# It would say at each start what kind of database it found.
logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
