"""How traps and lines of vendors are read: the policies “snmp” and “syslog”, as owners have them.

What each must be: mapping_checks.py. A source may name the one that counts for it.
"""

from functools import cache

from records.policies import Policed
from tasks import policies
from tasks.network.alarm_formats.reading import Given

KINDS = ("snmp", "syslog")


def mappings_of(kind: str, given: Given) -> Policed:
    """Those that count, or as they came with Baton."""
    return given.mappings or _shipped(kind)


@cache
def _shipped(kind: str) -> Policed:
    return Policed(kind, 0, policies.shipped(kind))
