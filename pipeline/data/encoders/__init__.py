"""Encoders of one sort of column each; `pipeline.data.encode` puts them together."""
