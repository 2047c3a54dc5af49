"""Lines out of TCP streams: both framings of RFC 6587, however they are cut; who holds up whom."""

import socket
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.listeners import sockets, syslog
from workflows.listeners.sockets import Datagrams
from workflows.listeners.syslog import LARGEST, Frames, Streams
from workflows.listeners.waiting import Waiting

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


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_stream_of_bytes_stops_it(stream, size):
    kept = feed(stream, size)
    assert sum(len(line) for line, _ in kept) <= len(stream)


@pytest.fixture
def streams():
    stop, waiting = threading.Event(), Waiting()
    streams = Streams(sockets.bind(("127.0.0.1", 0), socket.SOCK_STREAM), waiting, stop)
    streams.start()
    yield streams
    stop.set()
    streams.join(30)


def connect(streams):
    connected = socket.create_connection(("127.0.0.1", streams.port))
    connected.settimeout(30)
    return connected


def heard(streams, count):
    until = time.monotonic() + 30
    while len(streams.waiting) < count and time.monotonic() < until:
        time.sleep(0.005)
    return [(one.body, one.note) for one in streams.waiting.take(100)]


def test_a_silent_sender_holds_up_nobody_and_its_half_line_is_kept(streams):
    with connect(streams) as silent, connect(streams) as sender:
        silent.sendall(b"<34>1 half a li")
        for piece in (b"9 <1>one two<2>", b"three\n6 <3>4", b"56"):
            sender.sendall(piece)
        told = heard(streams, 3)
    assert told == [(b"<1>one tw", ""), (b"o<2>three", ""), (b"<3>456", "")]
    assert heard(streams, 1) == [(b"<34>1 half a li", "unfinished")]


def test_where_too_many_are_connected_the_quietest_goes(streams, monkeypatch):
    monkeypatch.setattr(syslog, "MOST_SENDERS", 2)
    with connect(streams) as quiet, connect(streams) as other:
        other.sendall(b"<1>one\n")
        assert len(heard(streams, 1)) == 1
        with connect(streams) as third:
            assert quiet.recv(1) == b""
            third.sendall(b"<1>three\n")
            other.sendall(b"<1>two\n")
            assert len(heard(streams, 2)) == 2


def test_a_sender_that_breaks_off_hard_ends_nothing(streams):
    with connect(streams) as hasty:
        hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        hasty.sendall(b"<1>x")
    with connect(streams) as sender:
        sender.sendall(b"<1>after\n")
        told = heard(streams, 1)
        while (b"<1>after", "") not in told:
            told += heard(streams, 1)


def test_what_the_kernel_had_no_room_for_is_counted():
    bound = sockets.bind(("127.0.0.1", 0), socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    with bound, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(100):
            sender.sendto(b"x" * 1_000, bound.getsockname())
        lost = Datagrams(bound, "snmp", Waiting(), threading.Event()).lost_by_kernel()
    assert 50 < lost < 100 or sys.platform != "linux"
