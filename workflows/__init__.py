"""Timed flows: open a session, call one verb, commit. One of the two edges; Prefect lives here."""
