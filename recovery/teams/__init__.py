"""Who works when, who is away, and whose cases go to whom."""
