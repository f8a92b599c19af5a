"""Features that a configuration asks for by name, one sort a file; see docs/features.md."""
