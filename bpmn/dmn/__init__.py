"""Decision tables (DMN 1.1 to 1.5): the wall decides with them, the gate asks for their findings.

Tables are read in `reading.py`, decide in `tables.py` and `policies.py`; cells are explained in
`grammar.py`; overlaps and gaps are looked for in `findings.py`.
"""

from bpmn.dmn.policies import DecisionFailed
from bpmn.dmn.reading import BadDecisions, read_tables
from bpmn.dmn.tables import Decision, DecisionTable

__all__ = ["BadDecisions", "Decision", "DecisionFailed", "DecisionTable", "read_tables"]
