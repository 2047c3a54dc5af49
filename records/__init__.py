"""What Baton remembers: the tables, the session, the history. Imports nothing of ours.

Every table can be imported from here; importing this makes all of them known to the migrations.
"""

from records.alarms import Alarm
from records.circuits import Circuit, Device, Hop, Section, Site
from records.customers import Contact, Customer
from records.diagrams import Diagram, Version
from records.history import Chain, Entry
from records.notices import Notice
from records.people import FailedSignIn, Group, KeptAnswer, Membership, Person, SignIn, Token
from records.runs import Incident, Run, ServiceCall, Subscription, Timer
from records.tickets import Ticket
from records.work_orders import Attachment, Comment, WorkOrder

__all__ = [
    "Alarm",
    "Attachment",
    "Chain",
    "Circuit",
    "Comment",
    "Contact",
    "Customer",
    "Device",
    "Diagram",
    "Entry",
    "FailedSignIn",
    "Group",
    "Hop",
    "Incident",
    "KeptAnswer",
    "Membership",
    "Notice",
    "Person",
    "Run",
    "Section",
    "ServiceCall",
    "SignIn",
    "Site",
    "Subscription",
    "Ticket",
    "Timer",
    "Token",
    "Version",
    "WorkOrder",
]
