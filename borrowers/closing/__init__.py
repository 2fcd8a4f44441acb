"""Closing the business day: steps that apps declare, run once each, in order, and recorded."""
