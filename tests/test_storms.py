"""Storms: always the same, true to the topology, and as messy on their way as in the world."""

import shutil
from datetime import UTC, datetime

import pytest

from records.database import connect, open_session
from records.region import seed
from records.region.breakages import KINDS
from records.region.messages import LATER, hum, tell
from records.region.storms import make_storms
from records.region.terrain import Terrain


@pytest.fixture(scope="module")
def terrain(sqlite_template, tmp_path_factory):
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("storms") / "baton.db")
    engine = connect(f"sqlite:///{path}")
    seed(engine, "XS", now=datetime(2026, 3, 11, tzinfo=UTC))
    with open_session(engine, readonly=True) as session:
        yield Terrain(session)
    engine.dispose()


@pytest.fixture(scope="module")
def storms(terrain):
    return make_storms(terrain, 2 * len(KINDS))


def test_storms_are_the_same_every_time_and_others_in_another_edition(terrain, storms):
    assert make_storms(terrain, 2 * len(KINDS)) == storms
    assert make_storms(terrain, 2 * len(KINDS), edition="b") != storms
    assert [tell(one) for one in storms] == [tell(one) for one in storms]


def test_each_root_is_broken_once_and_hits_what_passes_it(terrain, storms):
    roots = [root for one in storms for root in one.roots]
    assert len(roots) == len(set(roots))
    cut = next(one for one in storms if one.kind == "cable cut")
    ((_, code),) = cut.roots
    section = next(key for key, cable in terrain.cables.items() if cable.code == code)
    passing = {way[0] for way, _ in terrain.by_section[section]}
    assert cut.outage and cut.outage | cut.at_risk == passing


def test_both_ends_of_a_cut_go_dark_and_silent_gear_says_nothing(terrain, storms):
    silent = {box.code for box in terrain.boxes.values() if box.is_silent}
    for storm in storms:
        assert not silent & {one.object.split("/")[0] for one in storm.said}
    cut = next(one for one in storms if one.kind == "cable cut")
    dark = {one.object.split("/")[0] for one in cut.said if one.cause == "lossOfSignal"}
    assert len(dark) >= 2


def test_messages_repeat_come_late_get_lost_and_clear(storms):
    storm = max(storms, key=lambda one: len(one.said))
    messages = tell(storm)
    raised = [one for one in messages if not one.is_clear]
    known = {(one.object, one.cause) for one in raised}
    assert len(known) < len(storm.said) < len(raised)
    assert 2 < max(one.at - one.raised for one in raised) <= LATER + 1
    assert sum(one.is_clear for one in messages) == len(storm.said)


def test_noise_belongs_to_no_storm_and_is_never_loud_for_long(terrain):
    noise = hum(terrain, 3_600)
    cleared = {(one.object, one.cause, one.at) for one in noise if one.is_clear}
    loud = [one for one in noise if one.severity == "major" and not one.is_clear]
    assert loud and all(one.storm is None for one in noise)
    for one in loud[:3]:
        ends = [at for name, cause, at in cleared if (name, cause) == (one.object, one.cause)]
        assert any(0 < at - one.raised < 10 for at in ends)
