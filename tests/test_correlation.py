"""Correlation: whatever breaks, its root is found, in any order and however it comes in."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.network.correlation import correlate
from tasks.network.reach import Root
from tasks.network.topology import Ends, Topology, Way
from tasks.network.troubles import Sign

LAYERS = {"powerProblem": 1, "equipmentMalfunction": 2, "lossOfSignal": 3, "AIS": 4, "linkDown": 5}
SITES, CIRCUITS = 5, 4  # in a row, each with one device; circuits go all along


def row(ports=True):
    """Site n has device n; section n leads from n to n + 1; two of them share a duct."""
    sections = {n: Ends(n, n + 1, "D" if n in (2, 3) else "") for n in range(1, SITES)}
    ways = [
        Way(circuit, "main", n, f"{n}/{circuit}" if ports else "", n if n < SITES else None)
        for circuit in range(1, CIRCUITS + 1)
        for n in range(1, SITES + 1)
    ]
    return Topology({n: n for n in range(1, SITES + 1)}, sections, ways)


def sign(number, cause, device, part="", at=0.0, **more):
    place = Root("port" if "/" in part else "card" if part else "device", device, part)
    return Sign(number, at, cause, LAYERS[cause], place, **more)


def dark(device, at=0.0, cause="lossOfSignal", start=0):
    """Every circuit's port on a device tells the same."""
    return [
        sign(100 * device + start + n, cause, device, f"{device}/{n}", at)
        for n in range(1, CIRCUITS + 1)
    ]


def cut(section, at=0.0):
    """Both ends are dark, what is beyond hears of it."""
    beyond = [n for n in range(section + 2, SITES + 1)]
    return [
        *dark(section, at),
        *dark(section + 1, at),
        *(one for n in beyond for one in dark(n, at + 1, "AIS", 50)),
    ]


def roots(signs, known=(), net=None):
    troubles, waiting = correlate(signs, known, net or row())
    assert sorted(one.id for each in troubles for one in each.signs) == sorted(
        {one.id for one in signs} - {one.id for one in waiting}
    )
    return {one.root: one for one in troubles}


@given(st.sampled_from([1, 2, 3, 4]), st.randoms())
@settings(max_examples=12, deadline=None)
def test_a_cut_has_one_root_in_whatever_order_it_is_told(section, random):
    signs = cut(section)
    random.shuffle(signs)
    assert set(roots(signs)) == {Root("section", section)}


@given(st.sampled_from([1, 4]), st.integers(0, 20), st.randoms())
@settings(max_examples=12, deadline=None)
def test_what_comes_in_two_parts_is_one_group_all_the_same(section, many, random):
    signs = cut(section)
    random.shuffle(signs)
    first, second = signs[:many], signs[many:]
    known = [
        replace(one, group=number, signs=[], lesser=[])
        for number, one in enumerate(roots(first).values(), 1)
    ]
    found, _ = correlate(second, known, row())
    left = {one.root for one in known} - {
        known[key - 1].root for one in found for key in one.lesser
    } | {one.root for one in found}
    assert left == {Root("section", section)}


def test_sections_of_one_duct_are_the_duct_and_others_are_not():
    both = {one.id: one for one in cut(2) + cut(3)}
    assert set(roots(both.values())) == {Root("duct", 0, "D")}
    far = cut(1) + [replace(one, id=one.id + 9_000) for one in dark(4) + dark(5)]
    assert set(roots(far)) == {Root("section", 1), Root("section", 4)}


def test_a_duct_is_cut_at_one_time():
    later = [replace(one, id=one.id + 9_000) for one in cut(3, at=500.0)]
    assert Root("duct", 0, "D") not in roots(cut(2) + later)


def test_a_site_without_power_explains_the_dark_around_it():
    signs = [sign(1, "powerProblem", 3), *dark(2), *dark(4), *dark(5, 1, "AIS")]
    assert set(roots(signs)) == {Root("site", 3)}


def test_a_device_that_says_nothing_while_all_around_is_dark_is_down():
    assert set(roots([*dark(2), *dark(4), *dark(5, 1, "AIS")])) == {Root("device", 3)}


def test_a_card_that_is_held_off_still_explains_what_is_not():
    card = sign(1, "equipmentMalfunction", 3, "3", is_due=False)
    found = roots([card, *dark(2), *dark(4)])
    assert set(found) == {Root("card", 3, "3")}
    assert roots([card]) == {}


def test_a_consequence_waits_for_its_root_and_then_stands_for_itself():
    ais = sign(1, "AIS", 5, "5/1", is_due=False)
    assert correlate([ais], (), row()) == ([], [ais])
    assert set(roots([replace(ais, is_due=True)])) == {Root("circuit", 1)}


def test_a_better_root_takes_over_what_was_thought_before():
    [thought] = roots([sign(1, "linkDown", 5, "5/1")]).values()
    known = replace(thought, group=7, signs=[])
    [found] = roots(cut(1, at=20.0), [known]).values()
    assert (found.root, found.group, found.lesser) == (Root("section", 1), None, [7])


def test_what_is_told_long_after_is_explained_while_the_root_stands_and_not_after():
    [root] = roots(cut(1)).values()
    standing = replace(root, group=7, signs=[])
    late = sign(1, "linkDown", 5, "5/1", at=3_600.0)
    assert [one.group for one in correlate([late], [standing], row())[0]] == [7]
    over = replace(root, group=7, signs=[], ended=600.0)
    assert set(roots([late], [over])) == {Root("port", 5, "5/1")}


def test_what_many_places_have_in_common_is_the_root_where_nothing_tells_of_one():
    silent = [sign(n, "AIS", 5, f"5/{n}") for n in range(1, CIRCUITS + 1)]
    [root] = roots(silent)
    assert root.kind in ("section", "device")


@pytest.mark.parametrize("cause", LAYERS)
def test_of_what_inventory_does_not_know_each_object_is_a_root_of_its_own(cause):
    unknown = Sign(1, 0.0, cause, LAYERS[cause], Root("object", 0, "X-9"))
    assert set(roots([unknown])) == {Root("object", 0, "X-9")}
