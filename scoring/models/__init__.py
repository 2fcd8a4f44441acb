"""The rows of scoring by subject: what is registered and scored, and who decided that a model goes live."""

from scoring.models.fairness import FairnessReading, MonitoredAttribute
from scoring.models.monitoring import AlertThreshold, ModelReading, ShadowRun, ShadowScore, TrainingReference
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
    "AlertThreshold",
    "Challenger",
    "Comparison",
    "Deployment",
    "Explanation",
    "FairnessReading",
    "FeatureVector",
    "FindingClosure",
    "Materiality",
    "ModelReading",
    "ModelVersion",
    "MonitoredAttribute",
    "PromotionDecision",
    "PromotionProposal",
    "Purpose",
    "ReasonPhrase",
    "Score",
    "ScoringRun",
    "Segment",
    "ShadowRun",
    "ShadowScore",
    "StaleLoan",
    "Tier",
    "TrainingReference",
    "Validation",
    "ValidationFinding",
]
