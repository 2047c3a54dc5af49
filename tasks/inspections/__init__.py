"""Inspections of customers' rooms, what came of them, and the times when nothing may be touched:
assurance periods and cutovers.
"""
