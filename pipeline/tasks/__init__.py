"""Tasks: the kinds of answer that a competition can ask for."""
