"""Four agents that plan, write, ask and review. Imported late: pydantic-ai takes most of a second."""
