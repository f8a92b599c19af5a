"""Inputs, the parts of a row that models see: one file or folder each, registered."""
