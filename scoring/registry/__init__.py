"""Models that may be used: registered with proof, promoted and retired by people, loaded only if their bytes are intact."""
