"""Author code (scripts, conditions, timers, decision cells) runs here and nowhere else.

The wall, the decision tables and the gate call it. Data is JSON; what the caller passes in is
never changed. What a script may say is in `policy.py`, which functions it has in `functions.py`,
what it may use up in `budget.py`.
"""

from bpmn.sandbox.functions import FUNCTIONS
from bpmn.sandbox.programs import check_expression, check_script, names
from bpmn.sandbox.refusals import OutOfBudget, ScriptFailed, ScriptRefused
from bpmn.sandbox.running import evaluate, execute

__all__ = [
    "FUNCTIONS",
    "OutOfBudget",
    "ScriptFailed",
    "ScriptRefused",
    "check_expression",
    "check_script",
    "evaluate",
    "execute",
    "names",
]
