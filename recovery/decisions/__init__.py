"""The decision log: what is decided for every borrower each day, what people say to it, and what was done."""
