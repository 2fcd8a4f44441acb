"""The verbs of the decision log."""

from recovery.decisions.answering import answer_recommendation, record_performed
from recovery.decisions.recommending import recommend_actions

__all__ = ["answer_recommendation", "recommend_actions", "record_performed"]
