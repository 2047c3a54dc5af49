"""Service steps: the name drawn in the diagram, and the function that it calls.

To add one: write the function in a file here, and give it a line in SERVICES. It gets a `Caller`
and the parameters of the step, and returns facts as JSON; it never starts or moves a run.
"""

from tasks.services import systems
from tasks.services.kinds import Caller, Service, ServiceRefused

__all__ = ["SERVICES", "Caller", "Service", "ServiceRefused"]

SERVICES: dict[str, Service] = {
    "systems.ask": Service(systems.ask, is_outside=True),
}
