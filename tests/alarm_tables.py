"""For each row of the table alarm_priority: facts that it alone is meant for, and what it must say.
Used by test_decisions.py.
"""

GROUP = {
    "is_shielded": False,
    "is_flapping": False,
    "severity": "critical",
    "impact": "outage",
    "circuits": 1,
    "aaa": 0,
    "grade": "std",
    "is_environment": False,
    "is_known": True,
}


def group(**facts):
    return {"group": GROUP | facts}


ALARM_ROWS = {  # domain.md §4.2
    "alarm_priority": [
        (group(is_shielded=True, aaa=3), ("shield", "", 0, "none", 0)),
        (group(aaa=1, is_flapping=True), ("ticket", "P1", 0, "all", 5)),
        (group(severity="major", aaa=1), ("ticket", "P2", 60, "all", 15)),
        (group(impact="at_risk", circuits=0), ("at_risk", "P3", 0, "AAA", 30)),
        (group(impact="degraded", grade="AA"), ("ticket", "P3", 0, "AAA", 30)),
        (group(impact="degraded", is_flapping=True), ("ticket", "P3", 0, "none", 0)),
        (group(severity="minor", is_known=False), ("none", "", 0, "none", 0)),
        (group(circuits=0, grade="AA", is_environment=True), ("ticket", "P2", 0, "none", 0)),
        (group(circuits=0, is_known=False), ("discrepancy", "P4", 0, "none", 0)),
        (group(circuits=0), ("none", "", 0, "none", 0)),
    ],
}
