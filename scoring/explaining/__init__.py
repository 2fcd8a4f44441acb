"""Why a score is what it is: Shapley contributions from the registered graph alone, and what they mean in words."""
