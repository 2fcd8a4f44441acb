"""Evidence: what was done with a borrower, sealed in a chain, kept as long as it must be, and taken out as a pack."""
