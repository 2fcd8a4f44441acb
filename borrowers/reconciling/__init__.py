"""Compare our figures with those of the lender's core system and explain every difference."""
