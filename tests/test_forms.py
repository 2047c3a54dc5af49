"""Answers against forms: every wrong field named, whatever it holds, and never at a great price."""

import pytest

from bpmn.forms import MOST_TOLD, check_answers, readers
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


def test_a_pattern_is_not_tried_on_a_very_long_text():
    schema = {"properties": {"phone": {"type": "string", "pattern": "^0*-1$"}}}
    [field] = wrong(schema, {"phone": "0" * 3_000 + "-1"})
    assert field["field"] == "phone"
