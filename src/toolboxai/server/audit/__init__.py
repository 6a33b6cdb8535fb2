"""The server as `toolboxai privacy audit` runs it: with routes that are careless with made-up secrets and persons."""
