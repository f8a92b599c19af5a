"""A package: trained models and a notebook that hands in where nothing can be fetched."""
