"""Answers against forms: every wrong field named, whatever it holds, and never at a great price."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bpmn.forms import MOST_TOLD, BadForm, check_answers, read, readers
from tasks.refusals import Invalid


def wrong(schema, answers):
    form = readers({"f": {"type": "object", **schema}})["f"]
    with pytest.raises(Invalid) as refused:
        check_answers(form, answers)
    return refused.value.facts["fields"]


def test_items_that_repeat_are_refused_and_thousands_that_do_not_are_taken():
    schema = {"properties": {"domains": {"type": "array", "uniqueItems": True}}}
    [field] = wrong(schema, {"domains": [{"a": 1}, {"a": 2}, {"a": 1}]})
    assert field == {"field": "domains", "zh": "不能重复", "en": "must not repeat"}
    many = {"domains": [{"a": n} for n in range(5_000)]}
    check_answers(readers({"f": {"type": "object", **schema}})["f"], many)


def test_a_keyword_without_words_of_ours_is_told_in_both_languages():
    [field] = wrong({"not": {"required": ["a"]}}, {"a": {"b": "{}"}})
    assert field["zh"] == "不合要求" and field["en"] == "will not do"


def test_no_more_than_fifty_errors_are_told():
    schema = {"additionalProperties": {"type": "string"}}
    assert len(wrong(schema, {f"f{n}": n for n in range(200)})) == MOST_TOLD


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a*)*(b*)*$", "(.*)(.*)(.*)(.*)x"])
def test_a_hostile_pattern_is_answered_at_once(pattern):
    """Hours, with an engine that goes back."""
    began = time.thread_time()
    [field] = wrong({"properties": {"a": {"pattern": pattern}}}, {"a": "a" * 60_000 + "!"})
    assert field["field"] == "a" and time.thread_time() - began < 1


@pytest.mark.parametrize("pattern", ["^(?=a)", "(?!a)b", "(?<=a)b", r"(a)\1", "(", "a{1000}{1000}"])
def test_a_pattern_that_cannot_be_matched_in_linear_time_makes_no_form(pattern):
    for schema in ({"pattern": pattern}, {"patternProperties": {pattern: {}}}):
        with pytest.raises(BadForm) as bad:
            read({"type": "object", "properties": {"a": schema}})
        assert pattern in bad.value.zh and pattern in bad.value.en
        assert "allOf" in bad.value.zh and "allOf" in bad.value.en


def test_a_pattern_is_told_in_words_where_the_form_has_some():
    part = {"pattern": "^[0-9]+$"}
    words = {"x-pattern-zh": "数字", "x-pattern-en": "digits"}
    hint = {"description": "线路号", "x-description-en": "a line's number"}
    schema = {"$defs": {"a/b": part | words}, "properties": {"a": {"$ref": "#/$defs/a~1b"}}}
    assert [wrong(schema, {"a": "x"})[0][k] for k in ("zh", "en")] == told("数字", "digits")
    for given, zh, en in ((hint, "线路号", "a line's number"), ({}, "^[0-9]+$", "^[0-9]+$")):
        [field] = wrong({"properties": {"a": {"items": part | given}}}, {"a": ["x"]})
        assert field == {"field": "a.0"} | dict(zip(("zh", "en"), told(zh, en), strict=True))


def told(zh, en):
    return [f"格式不符：{zh}", f"does not have the right form: {en}"]


def test_each_field_that_is_not_on_the_form_or_missing_is_named():
    part = {"required": ["b", "c"], "properties": {"b": {}, "c": {}}, "additionalProperties": False}
    fields = wrong({"properties": {"a": {"items": part}}}, {"a": [{"x": 1, "it's": 2}]})
    assert {field["field"] for field in fields} == {"a.0.b", "a.0.c", "a.0.x", "a.0.it's"}
    assert {field["en"] for field in fields} == {"is required", "is not on the form"}


INSTANTS = {
    "2026-03-11T12:05:00+08:00": True,
    "2026-03-11t12:05:00.5z": True,
    "2026-03-11 12:05:00Z": False,
    "2026-03-11T12:05:00": False,
    "2026-03-11T12:05:00Z\n": False,
    "2026-02-29T12:05:00Z": False,
    "2016-12-31T23:59:60Z": False,  # no datetime can hold it
    "0001-01-01T00:00:00+08:00": False,  # nor this one, in UTC
    "２026-03-11T12:05:00Z": False,
}


@pytest.mark.parametrize("text", INSTANTS)
def test_an_instant_is_one_that_the_services_can_read(text):
    form = read({"type": "object", "properties": {"at": {"format": "date-time"}}})
    assert form.reader.is_valid({"at": text}) == INSTANTS[text]


def test_very_many_errors_are_not_made_one_by_one():
    """All of them would take minutes, and so would the first."""
    began = time.thread_time()
    kind = {"const": 0}
    for _ in range(3):
        kind = {"items": {"anyOf": [kind] * 11}}
    [field] = wrong({"properties": {"a": kind}}, {"a": [[[1] * 30] * 30] * 30})
    assert field["field"] == "" and time.thread_time() - began < 1


def test_a_form_never_asks_the_network():
    assert read({"type": "object", "$schema": "http://localhost:1/x"}).size == 1
    with pytest.raises(BadForm):
        read({"type": "object", "$ref": "http://localhost:1/x"})


def test_threads_share_a_reader():
    form = read({"type": "object", "properties": {"a": {"format": "date-time"}}})
    answers = [{"a": text} for text in INSTANTS] * 20
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(form.reader.is_valid, answers)) == list(INSTANTS.values()) * 20
