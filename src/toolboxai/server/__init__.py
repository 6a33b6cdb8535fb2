"""ToolboxAI itself: an HTTP server that makes lessons for schools."""
