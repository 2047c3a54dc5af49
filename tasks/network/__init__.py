"""Alarms (告警) and what they tell of the network: sources, correlation, groups, planned works."""
