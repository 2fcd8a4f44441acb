"""From the books to a probability: features, training, registry, scoring."""
