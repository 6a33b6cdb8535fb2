"""Receives, keeps and shows what any Sentry SDK sends."""
