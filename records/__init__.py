"""What Baton remembers: the tables, the session, the history. Imports nothing of ours.

Every table can be imported from here; importing this makes all of them known to the migrations.
"""

from records.alarm_groups import AffectedCircuit, AlarmGroup
from records.alarm_sources import AlarmSource
from records.alarms import Alarm
from records.archives import ArchiveSection, Consent, Readiness
from records.articles import Article, ArticleTerm, ArticleVersion
from records.assets import Asset
from records.assurance_periods import AssurancePeriod, AssuredCustomer
from records.audits import Audit
from records.batches import Batch
from records.bookings import Booking
from records.cases import Case, CaseAsked, CaseCause, CasePost
from records.certificates import Certificate
from records.circuits import Circuit, Device, Hop, Section, Site
from records.clocks import Clock, Escalation
from records.customers import Contact, Customer
from records.cutovers import Cutover
from records.diagrams import Diagram, Version
from records.discrepancies import Discrepancy
from records.drafts import Draft
from records.experts import Expert
from records.faq_pushes import FaqPush, FaqReceipt
from records.history import Chain, Entry
from records.hot_issues import HotIssue
from records.imports import Import, ImportFile, ImportRow
from records.inspections import Finding, Inspection, InspectionNeed, Lead, Measurement
from records.inventory import Inventory
from records.notices import Notice
from records.onboarding import Onboarding, Wave
from records.people import FailedSignIn, Group, KeptAnswer, Membership, Person, SignIn, Token
from records.plan_runs import PlanCall, PlanNote, PlanRun, PlanStatement, Reservation
from records.planned_works import PlannedWork
from records.plans import Plan, PlanCircuit, PlanResource, PlanVersion
from records.points import PointsEntry
from records.policies import Policy
from records.questions import Answer, Asked, Question
from records.receipts import Receipt
from records.replacements import Replacement
from records.runs import Incident, Run, ServiceCall, Subscription, Timer
from records.saved_views import FirstView, SavedView, ViewShare
from records.seals import Seal
from records.segments import Forecast, HandOff, Report, Segment, Tally
from records.service_orders import Allocation, ServiceOrder
from records.shifts import Lateness, Shift
from records.teams import Team, Teammate
from records.tickets import Ticket
from records.uses import Use
from records.visits import Visit, VisitJob
from records.work_orders import Attachment, Comment, WorkOrder

__all__ = [
    "AffectedCircuit",
    "Alarm",
    "AlarmGroup",
    "AlarmSource",
    "Allocation",
    "Answer",
    "ArchiveSection",
    "Article",
    "ArticleTerm",
    "ArticleVersion",
    "Asked",
    "Asset",
    "AssurancePeriod",
    "AssuredCustomer",
    "Attachment",
    "Audit",
    "Batch",
    "Booking",
    "Case",
    "CaseAsked",
    "CaseCause",
    "CasePost",
    "Certificate",
    "Chain",
    "Circuit",
    "Clock",
    "Comment",
    "Consent",
    "Contact",
    "Customer",
    "Cutover",
    "Device",
    "Diagram",
    "Discrepancy",
    "Draft",
    "Entry",
    "Escalation",
    "Expert",
    "FailedSignIn",
    "FaqPush",
    "FaqReceipt",
    "Finding",
    "FirstView",
    "Forecast",
    "Group",
    "HandOff",
    "Hop",
    "HotIssue",
    "Import",
    "ImportFile",
    "ImportRow",
    "Incident",
    "Inspection",
    "InspectionNeed",
    "Inventory",
    "KeptAnswer",
    "Lateness",
    "Lead",
    "Measurement",
    "Membership",
    "Notice",
    "Onboarding",
    "Person",
    "Plan",
    "PlanCall",
    "PlanCircuit",
    "PlanNote",
    "PlanResource",
    "PlanRun",
    "PlanStatement",
    "PlanVersion",
    "PlannedWork",
    "PointsEntry",
    "Policy",
    "Question",
    "Readiness",
    "Receipt",
    "Replacement",
    "Report",
    "Reservation",
    "Run",
    "SavedView",
    "Seal",
    "Section",
    "Segment",
    "ServiceCall",
    "ServiceOrder",
    "Shift",
    "SignIn",
    "Site",
    "Subscription",
    "Tally",
    "Team",
    "Teammate",
    "Ticket",
    "Timer",
    "Token",
    "Use",
    "Version",
    "ViewShare",
    "Visit",
    "VisitJob",
    "Wave",
    "WorkOrder",
]
