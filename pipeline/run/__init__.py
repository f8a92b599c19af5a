"""What a configuration asks for, and making what is missing."""
