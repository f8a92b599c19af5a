"""Sections of the report, one a file: each reads saved products and says what they show."""
