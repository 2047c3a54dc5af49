"""The state of a fault ticket's run stays small, whatever is done to the ticket, in any order.

That it does in each single way is in test_diagrams.py; `Walk.kept` looks after each move.
"""

from datetime import timedelta
from random import Random

import pytest

from bpmn import runs
from tasks.refusals import Refusal
from tests.asking import publish
from tests.fault_walks import FAULT, Walk

MOVES = 30
DOMAINS = ["transport", "data", "line", "access"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(4))
def test_the_state_stays_small_whatever_is_done(session, cast, now, seed):
    publish(session, now, FAULT)
    random, walk = Random(seed), Walk(session, cast, now).call().do("accept_call")
    done = set()
    for _ in range(MOVES):
        walk.later(minutes=random.randint(1, 90))
        done |= do_something(walk, random)
    assert len(done) >= 4


def do_something(walk, random):
    """The name of what was done; nothing where the ticket was in no state for it."""
    act = random.choice([work, work, work, suspend, resume, regrade, call_again, add, wake])
    try:
        act(walk, random)
    except Refusal:
        walk.session.rollback()
        return set()
    return {act.__name__}


def work(walk, random):
    """The service is never restored, or the customer not satisfied: judged again."""
    orders = [order for order in walk.orders().values() if order.state != "suspended"]
    if orders:
        domains = random.sample(DOMAINS, random.randint(0, 4))
        answers = {
            "judge": {"domains": domains},
            "restore_test": {"service_ok": random.random() < 0.3},
            "call_back": {"satisfied": False},
        }
        element = random.choice(orders).element
        walk.do(element, **answers.get(element, {}))


def suspend(walk, random):
    told = {"reason": "no_access", "evidence": "照片 3", "customer_told": True}
    walk.say("suspend", resume_at=walk.now + timedelta(hours=random.randint(1, 9)), **told)


def resume(walk, random):
    walk.say("resume")


def regrade(walk, random):
    walk.say("regrade", grade=random.choice(["AAA", "AA", "A", "std"]), reason="重要会议")


def call_again(walk, random):
    walk.say("call_again", words="还断", caller="王敏")


def add(walk, random):
    walk.say("add_specialty", domain=random.choice([*DOMAINS, "field"]), reason="需要协同")


def wake(walk, random):
    runs.wake(walk.session, walk.run.id, now=walk.now)
    walk.kept()
