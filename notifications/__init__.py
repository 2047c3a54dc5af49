"""Telling people: what to say (outbox, words) and how it gets there (channels)."""
