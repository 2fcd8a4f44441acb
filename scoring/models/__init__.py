"""The rows of scoring by subject: what is registered and scored, and who decided that a model goes live."""

from scoring.models.promotions import (
    Challenger,
    Comparison,
    FindingClosure,
    PromotionDecision,
    PromotionProposal,
    Validation,
    ValidationFinding,
)
from scoring.models.registered import (
    Deployment,
    Explanation,
    FeatureVector,
    Materiality,
    ModelVersion,
    Purpose,
    ReasonPhrase,
    Score,
    ScoringRun,
    Segment,
    StaleLoan,
    Tier,
)

__all__ = [
    "Challenger",
    "Comparison",
    "Deployment",
    "Explanation",
    "FeatureVector",
    "FindingClosure",
    "Materiality",
    "ModelVersion",
    "PromotionDecision",
    "PromotionProposal",
    "Purpose",
    "ReasonPhrase",
    "Score",
    "ScoringRun",
    "Segment",
    "StaleLoan",
    "Tier",
    "Validation",
    "ValidationFinding",
]
