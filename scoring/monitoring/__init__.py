"""Watch live models and challengers: have scores and features moved, do labels bear the scores out, what has to be done."""
