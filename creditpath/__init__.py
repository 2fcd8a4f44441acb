"""CreditPathAI: project package and leaf helpers. Nothing in here imports borrowers, scoring or recovery."""

__version__ = "0.1.0"
