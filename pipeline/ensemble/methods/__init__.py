"""Ensemble methods, one registered class each."""
