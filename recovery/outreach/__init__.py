"""Follow-ups: templates and the outbox, sending, the dialler, call-backs."""
