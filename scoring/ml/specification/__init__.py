"""How any labelled table becomes a float32 matrix: a declarative specification, learned once, and its one interpreter."""
