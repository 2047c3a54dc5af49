"""Clocks (SLA 时限): definitions, calendars, pauses, ladders, and what happens at each rung."""
