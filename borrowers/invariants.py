"""What must always be true of the books; `verify` asks."""
