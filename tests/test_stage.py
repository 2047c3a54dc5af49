"""What tours play on: a time that is moved by hand, and an API that follows it."""

from datetime import timedelta

import pytest

from api.rehearsed_time import read_from
from workflows.stage import Time


def test_the_time_of_a_rehearsal_is_what_its_file_says_and_never_goes_back(tmp_path, now):
    time = Time(tmp_path, now)
    clock = read_from(time.path)
    assert clock() == now
    time.go_to(now + timedelta(days=2)), time.go_to(now)
    assert clock() == time.now == now + timedelta(days=2)


def test_a_time_without_a_zone_is_none(tmp_path):
    path = tmp_path / "now.txt"
    path.write_text("2026-03-11T02:14:00")
    with pytest.raises(ValueError, match="zone"):
        read_from(path)()
