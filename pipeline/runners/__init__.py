"""Runners fit folds: in this process, in several, or on a cluster."""
