"""Labelled tables from files: read and scored. The ledger has its own road; both meet in scoring.ml and the registry."""
