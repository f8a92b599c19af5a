"""What models see of a row: one file or folder each, registered."""
