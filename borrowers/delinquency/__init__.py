"""Days past due, buckets and balances as of a day, and what is kept of them."""
