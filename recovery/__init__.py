"""From a probability to work: policies, recommendations, worklists, follow-ups, dashboards."""
