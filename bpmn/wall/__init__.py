"""The wall round SpiffWorkflow: nothing else imports it. `bpmn/runs.py` and the gate call this.

Diagrams are read into blueprints; a LiveRun is begun or restored, given one command, and saved.
"""

from bpmn.wall.blueprints import (
    Blueprint,
    Bundle,
    Node,
    Start,
    blueprint,
    content_hash,
    read_blueprint,
    read_xml,
)
from bpmn.wall.live import LiveRun, begin, restore
from bpmn.wall.service_steps import LATER, Later, ServiceRequest, Services
from bpmn.wall.traces import Decided, Thrown, Trace
from bpmn.wall.troubles import (
    BadDiagram,
    CannotRestore,
    CannotSkip,
    FactsRefused,
    NoSuchStep,
    Refused,
    ServiceFailed,
    Trouble,
)
from bpmn.wall.waits import OrderStep, Subscription, Timer, Waiting, Waits

Call = ServiceRequest  # a service that answered LATER, as it is to be called again

__all__ = [
    "LATER",
    "BadDiagram",
    "Blueprint",
    "Bundle",
    "Call",
    "CannotRestore",
    "CannotSkip",
    "Decided",
    "FactsRefused",
    "Later",
    "LiveRun",
    "NoSuchStep",
    "Node",
    "OrderStep",
    "Refused",
    "ServiceFailed",
    "ServiceRequest",
    "Services",
    "Start",
    "Subscription",
    "Thrown",
    "Timer",
    "Trace",
    "Trouble",
    "Waiting",
    "Waits",
    "begin",
    "blueprint",
    "content_hash",
    "read_blueprint",
    "read_xml",
    "restore",
]
