"""The parts of `toolboxai privacy audit`: made-up secrets and persons, planted in a real server, looked for on the wire."""
