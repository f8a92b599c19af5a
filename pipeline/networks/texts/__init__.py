"""Pretrained encoders of texts: tokens, windows of long texts, batches of like length, features."""
