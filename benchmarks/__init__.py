"""Drivers that measure what the project promises. See README.md for method and figures."""
