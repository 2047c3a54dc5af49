"""Lines out of a TCP stream: both framings of RFC 6587, however the pieces are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.listeners.syslog import LARGEST, Frames

LINE = (
    "<189>Jun 18 04:24:32 host %%01IFNET/4/LINK_STATE(l)[12345]: 接口 has entered the DOWN state."
)
LINES = [LINE.encode(), '<34>1 - - - - - [alarm resource="槽12"]\nsecond'.encode("gbk"), b"<1>x"]


def counted(line):
    return b"%d %s" % (len(line), line)


def feed(stream, size=10_000_000):
    frames = Frames()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    return [line for piece in pieces for line in frames.feed(piece)] + frames.close()


@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_lines_come_with_a_count_or_with_an_end_or_mixed(size):
    ended = LINES[0] + b"\r\n"
    stream = b"".join([*map(counted, LINES), ended, b"\n", counted(LINES[1]), LINES[2] + b"\n"])
    told = [*LINES, LINES[0], LINES[1], LINES[2]]
    assert feed(stream, size) == [(line, "") for line in told]


@pytest.mark.parametrize("size", [4096, 1_000_000])
def test_a_huge_line_is_cut_and_the_next_one_is_whole(size):
    huge = b"<1>" + b"x" * (3 * LARGEST)
    for stream in (huge + b"\n" + LINES[0] + b"\n", counted(huge) + counted(LINES[0])):
        [first, second] = feed(stream, size)
        assert first == (huge[:LARGEST], "cut") and second == (LINES[0], "")


def test_a_line_without_an_end_is_kept_when_its_sender_goes():
    assert feed(LINES[0]) == [(LINES[0], "unfinished")]
    assert feed(b"500 " + LINES[0])[0][1] == "unfinished"


def test_a_line_that_begins_with_a_number_is_no_count():
    for line in (b"12345678901234567890 of them", b"2026-03-11 down"):
        assert feed(line + b"\n") == [(line, "")]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_stream_of_bytes_stops_it(stream, size):
    kept = feed(stream, size)
    assert sum(len(line) for line, _ in kept) <= len(stream)
