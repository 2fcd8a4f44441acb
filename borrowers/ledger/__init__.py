"""Entries of the ledger."""
