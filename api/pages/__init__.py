"""The door for people: pages of HTML, drawn from templates/ with words of languages/.

A page calls the same verbs as JSON does. How a page is answered: pages.py; what it is drawn with:
paper.py; how a form is filled in: answers.py.
"""

from api.pages.alarm_groups import router as alarm_groups
from api.pages.alarm_sources import router as alarm_sources
from api.pages.batches import router as batches
from api.pages.channels import router as channels
from api.pages.decision_tables import router as decision_tables
from api.pages.diagrams import router as diagrams
from api.pages.drafts import router as drafts
from api.pages.files import router as files
from api.pages.flows import router as flows
from api.pages.groups import router as groups
from api.pages.history import router as history
from api.pages.home import router as home
from api.pages.incidents import router as incidents
from api.pages.nightly import router as nightly
from api.pages.past_tickets import router as past_tickets
from api.pages.people import router as people
from api.pages.policies import router as policies
from api.pages.reports import router as reports
from api.pages.runs import router as runs
from api.pages.seals import router as seals
from api.pages.search import router as search
from api.pages.sign_in import router as sign_in
from api.pages.suggested import router as suggested
from api.pages.tickets import router as tickets
from api.pages.views import router as views
from api.pages.work_orders import router as work_orders
from api.pages.worklist import router as worklist

ROUTERS = [home, sign_in, worklist, views, search, work_orders, batches, tickets, alarm_groups]
ROUTERS = [suggested, files, *ROUTERS]  # before a work order, whose number could be anything
ROUTERS += [reports, nightly, runs, incidents, past_tickets, history, seals]  # for managers
ROUTERS += [people, groups, alarm_sources, channels, policies, flows]  # for administrators
ROUTERS += [diagrams, drafts, decision_tables]  # for owners of diagrams
