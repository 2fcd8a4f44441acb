"""Models as managers and data scientists watch them: readings, alerts, and what people decided otherwise."""
