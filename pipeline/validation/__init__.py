"""Cross-validation: folds and models become out-of-fold and test predictions."""
