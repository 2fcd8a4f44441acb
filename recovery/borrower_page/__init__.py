"""The page that a borrower opens from a message, without a log-in."""
