"""Where folds are fitted: in this process, in several, or on a cluster."""
