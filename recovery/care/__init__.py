"""Hardship and vulnerability: no pressure, few readers, and a person who decides."""
