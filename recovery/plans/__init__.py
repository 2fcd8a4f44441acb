"""Payment plans and settlements: what a borrower can afford, what is agreed, who has to approve it, how it went."""
