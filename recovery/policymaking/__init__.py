"""How policies come to be: drafting, trying on past days, approval by a second person."""
