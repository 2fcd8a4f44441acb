"""Figures of the whole portfolio, each with its base and its day. Currencies are never added together."""
