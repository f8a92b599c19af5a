"""A pipeline from a competition's files to an ensemble submission with a score to believe."""

__version__ = "0.1.0"
