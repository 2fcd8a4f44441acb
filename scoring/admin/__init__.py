"""Models, where they are live, their scores and what they are watched by in the admin; and the scores in the admin of loans."""

from scoring.admin import loans, promotions, registry, scores, watching  # noqa: F401  (each registers its lists)
