"""What the steps of a diagram do: verbs on records, and the services that diagrams call.

Pure Python: no engine, no HTTP, no clock. A verb checks, changes, and records history.
"""
