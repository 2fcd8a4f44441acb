"""Trainings in MLflow, beside the product's own registry: written by a process of its own, and never needed."""
