"""A search for features of the table: screened cheaply, chosen by folds, confirmed on rows held back."""
