"""Networks that answer with a picture: an encoder, a decoder with skips, and their training."""
