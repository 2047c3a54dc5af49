"""Words and rules for notices, as data: what is shipped, and what an owner may not publish."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.channels import CHANNELS
from notifications.policy import check_notices, end_of_quiet, read_rules, shipped
from notifications.refusals import BadWords
from notifications.words import TEMPLATES, check_words, shipped_words, write
from records import Policy

SHIPPED = shipped_words()
RESTORED = TEMPLATES["restored"]["facts"]


def test_what_is_shipped_passes_its_own_checks():
    assert check_words(SHIPPED) == check_notices(shipped()) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_speaks_both_languages(template):
    known = TEMPLATES[template]
    facts = known["facts"] | known["optional"] | {"link": "https://b/1"}
    (zh_title, zh), (en_title, en) = (write({}, template, one, facts) for one in ("zh", "en"))
    assert zh_title != en_title and zh != en and "None" not in zh + en
    both_title, both = write({}, template, "both", facts)
    assert both_title == f"{zh_title} / {en_title}" and both == f"{zh}\n\n{en}"


def test_the_page_for_owners_names_every_template_channel_and_setting():
    page = (Path(__file__).parent.parent / "docs/notices.md").read_text(encoding="utf-8")
    settings = {channel.setting for channel in CHANNELS.values()} - {""}
    facts = {fact for known in TEMPLATES.values() for fact in known["facts"] | known["optional"]}
    for name in {*TEMPLATES, *CHANNELS, *settings, *facts}:
        assert f"`{name}`" in page, name


def test_a_fact_in_two_languages_is_told_in_the_readers():
    facts = TEMPLATES["escalation"]["facts"] | {"left_minutes": 135}
    assert "还剩 2 小时 15 分" in write({}, "escalation", "zh", facts)[1]
    assert "restore" in write({}, "escalation", "en", facts)[0]
    assert "2 h 15 min from now" in write({}, "escalation", "en", facts)[1]


def test_an_owners_own_words_count_and_others_stay_as_shipped(session, now):
    own = {"restored": {"zh": "好了 {{ ticket }}", "en": "Back: {{ ticket }}"}}
    session.add(Policy(key="words", number=1, content=own, published_at=now, published_by="owen"))
    session.flush()
    words = read_rules(session).words
    assert write(words, "restored", "en", RESTORED) == ("Back: FT-20260311-7", "")
    assert "Hello" in write(words, "fault_known", "en", TEMPLATES["fault_known"]["facts"])[1]


HOSTILE = [
    "{% for a in ticket %}{% for b in ticket %}{{ b }}{% endfor %}{% endfor %}",
    "{{ range(999999999) | list }}",
    "{{ 'a' * 999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ ticket.__class__.__mro__ }}",
    "{{ ''.__class__ }}",
    "{{ ticket | attr('__class__') }}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as x %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set ticket = ticket ~ ticket %}",
    "{{ self }}{{ lipsum() }}",
    "{{ '%999999999s' | format('x') }}",
    "{{ ticket | join(ticket) | join(ticket) }}",
    "{% for a in ticket recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in ticket %}" + "x" * 7_000 + "{% endfor %}",
    "x" * 9_000,
    "{% if ticket %}" * 200 + "x" + "{% endif %}" * 200,
    "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_words_cannot_stop_or_open_the_server(source):
    with pytest.raises(BadWords):
        write({"restored": {"zh": f"t {source}"}}, "restored", "zh", RESTORED)


@settings(max_examples=60, deadline=1_000)
@given(st.text("{}%|. ()[]'\"abc=~-\n", max_size=40), st.sampled_from(["{{%s}}", "{%%%s%%}", "%s"]))
def test_any_source_is_words_or_is_refused(source, around):
    try:
        title, _ = write({"restored": {"zh": around % source}}, "restored", "zh", RESTORED)
        assert title
    except BadWords:
        pass


WRONG_WORDS = [
    ([], ""),
    ({"no_such": {"zh": "t", "en": "t"}}, "no_such"),
    ({"restored": {"zh": "t"}}, "restored"),
    ({"restored": {"zh": "t", "en": "t", "fr": "t"}}, "restored"),
    ({"restored": {"zh": "{{ tikcet }}", "en": "t"}}, "restored.zh"),
    ({"restored": {"zh": "t", "en": "{{ ticket"}}, "restored.en"),
    ({"restored": {"zh": "t", "en": "\n"}}, "restored.en"),
    ({"restored": {"zh": "t", "en": "{{ cause.x }}"}}, "restored.en"),
    ({"restored": {"zh": 7, "en": "t"}}, "restored.zh"),
]


@pytest.mark.parametrize("content, path", WRONG_WORDS)
def test_words_that_would_fail_are_refused_where_they_are_edited(content, path):
    [finding] = check_words(content)
    assert finding.path == path and finding.zh != finding.en


def change(path, value):
    content = copy.deepcopy(dict(shipped()))
    *way, last = path.split(".")
    place = content
    for name in way:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


WRONG_RULES = [
    ("staff", None, "staff"),
    ("pets", {}, "pets"),
    ("staff.usual", None, "staff.usual.ways"),
    ("staff.usual.ways", [], "staff.usual.ways"),
    ("staff.usual.ways", [["pigeon"]], "staff.usual.ways"),
    ("staff.usual.ways", [["webhook"]], "staff.usual.ways"),
    ("customer.urgent.keep_hours", 0, "customer.urgent.keep_hours"),
    ("customer.urgent.keep_hours", None, "customer.urgent.keep_hours"),
    ("customer.urgent.patience_minutes", "ten", "customer.urgent.patience_minutes"),
    ("customer.quiet.zone", "Mars/Olympus", "customer.quiet"),
    ("customer.quiet.from", "25:00", "customer.quiet"),
    ("customer.quiet.to", "22:00", "customer.quiet"),
    ("customer.quiet.to", "07:00+08:00", "customer.quiet"),
    ("groups.no_such", ["noc"], "groups.no_such"),
    ("groups.escalation", "noc", "groups.escalation"),
]


@pytest.mark.parametrize("path, value, found", WRONG_RULES)
def test_rules_that_would_fail_are_refused_where_they_are_edited(path, value, found):
    [finding] = check_notices(change(path, value))
    assert finding.path == found and finding.zh != finding.en


def test_a_way_may_end_at_a_system_or_robot_by_name():
    assert check_notices(change("staff.urgent.ways", [["robot:noc", "webhook:nms"]])) == []


QUIET = {"from": "22:00", "to": "07:00", "zone": "Asia/Shanghai"}


@given(st.integers(0, 3 * 366 * 24 * 60))
@settings(max_examples=60)
def test_what_waits_for_the_end_of_quiet_waits_no_longer(minutes):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = end_of_quiet(QUIET, at)
    assert end >= at and (end - at).total_seconds() <= 9 * 3600
    assert end_of_quiet(QUIET, end) == end


def test_quiet_hours_may_lie_within_a_day():
    noon = {"from": "12:00", "to": "13:30", "zone": "Asia/Shanghai"}
    at = datetime(2026, 12, 31, 4, 30, tzinfo=UTC)  # half past twelve there
    assert end_of_quiet(noon, at) == at.replace(hour=5, minute=30)
    assert end_of_quiet(noon, at.replace(hour=6)) == at.replace(hour=6)
