"""Texts as sparse counts; nothing here is ever made dense."""
