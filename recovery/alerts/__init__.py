"""What managers are told without asking."""
