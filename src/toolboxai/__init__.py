"""ToolboxAI: lessons for schools, and a way to watch a server without watching its pupils."""

__version__ = "0.1.0"
