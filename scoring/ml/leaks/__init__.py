"""The guard against leaks: columns that could not have been known when the decision was made."""
