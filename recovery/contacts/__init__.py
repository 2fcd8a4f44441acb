"""Contacts with borrowers: what happened, and what may happen."""
