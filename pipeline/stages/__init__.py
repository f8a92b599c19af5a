"""The stages of a run, in order, each made of products of the earlier ones."""
