"""Networks of texts from scratch: vocabularies, layer notation, fits."""
