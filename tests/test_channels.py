"""Channels against a real mail server and a real receiver of HTTP on loopback."""

import base64
import hashlib
import hmac
import json
import os
import socket
import threading
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from notifications import outbox
from notifications.backlog import backlog
from notifications.channels import gateways, http, robot, sms, smtp, webhook
from notifications.refusals import NotSent
from notifications.words import TEMPLATES
from records.database import connect
from workflows import notices as sending
from workflows.notices import send_notices

TOLD = ("k:p7:smtp", "wang@bank.example", "电路 HD-DIA-1 已恢复", "王敏,您好:\n\n已恢复。")


class MailBox:
    """A mail server's hand: takes what comes, or answers what it was told to."""

    def __init__(self):
        self.mails, self.answers = [], {}

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server, session, envelope):
        if "DATA" not in self.answers:
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answers.get("DATA", "250 OK")

    async def handle_QUIT(self, server, session, envelope):
        return self.answers.get("QUIT", "221 Bye")


class Mail(Controller):
    """Lets in who knows the password."""

    def factory(self):
        def check(server, session, envelope, mechanism, data):
            return AuthResult(success=data.password == b"p@ss", handled=False)

        return SMTP(self.handler, authenticator=check, auth_require_tls=False)


@pytest.fixture(scope="module")
def mail():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Mail(MailBox(), hostname="127.0.0.1", port=port)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def box(mail, monkeypatch):
    mail.handler.mails, mail.handler.answers = [], {}
    monkeypatch.setenv("BATON_SMTP", f"smtp://baton:p%40ss@127.0.0.1:{mail.port}")
    monkeypatch.setenv("BATON_MAIL_FROM", "接力 <baton@operator.example>")
    return mail.handler


class Receiver(ThreadingHTTPServer):
    """Keeps what it was sent, and answers what it was told to."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Hand)
        self.url = f"http://127.0.0.1:{self.server_port}/in?key=hidden"
        self.reset()

    def reset(self):
        self.status, self.answer, self.got = 200, {}, []


class Hand(BaseHTTPRequestHandler):
    def do_POST(self):
        content = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, self.headers, content))
        answer = self.server.answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def far(server):
    server.reset()
    return server


@pytest.fixture
def setting(monkeypatch):
    return lambda name, **told: monkeypatch.setenv(name, json.dumps(told))


def refusal(send, *told):
    with pytest.raises(NotSent) as raised:
        send(*told)
    assert "hidden" not in str(raised.value)
    return raised.value


# Mail


def test_a_mail_says_who_it_is_from_and_that_a_machine_wrote_it(box):
    smtp.send(*TOLD)
    smtp.send(*TOLD)
    first, again = box.mails
    assert first["Subject"] == "电路 HD-DIA-1 已恢复" and "已恢复。" in first.get_content()
    assert first["From"].addresses[0].addr_spec == "baton@operator.example"
    assert first["Auto-Submitted"] == "auto-generated" and not first["List-Id"]
    assert first["Message-ID"] == again["Message-ID"]  # so that a repeat can be told
    assert first["Message-ID"].endswith("@operator.example>")


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "answer, is_final, is_unreachable",
    [
        ("451 try later", False, False),
        ("550 no such user", True, False),
        ("421 going down", False, True),
    ],
)
def test_what_a_mail_server_answers_is_for_good_or_will_pass(
    box, step, answer, is_final, is_unreachable
):
    box.answers[step] = answer
    error = refusal(smtp.send, *TOLD)
    assert (error.is_final, error.is_unreachable) == (is_final, is_unreachable)
    assert answer in str(error)


def test_a_mail_that_was_taken_is_sent_whatever_comes_after(box):
    box.answers["QUIT"] = "451 confused"
    smtp.send(*TOLD)
    assert len(box.mails) == 1


def test_a_wrong_password_is_wrong_for_every_notice_and_so_for_none(box, mail, monkeypatch):
    monkeypatch.setenv("BATON_SMTP", f"smtp://baton:no@127.0.0.1:{mail.port}")
    assert refusal(smtp.send, *TOLD).is_unreachable


def test_a_server_that_is_not_there_is_unreachable(monkeypatch):
    monkeypatch.setenv("BATON_SMTP", "smtp://127.0.0.1:1")
    assert refusal(smtp.send, *TOLD).is_unreachable
    monkeypatch.setenv("BATON_SMTP", "")
    assert refusal(smtp.send, *TOLD).is_final and not smtp.is_ready()


@pytest.mark.parametrize("to", ["a@x.example, b@y.example", "a@x.example\nBcc: b@y", "nobody", ""])
def test_an_address_can_add_no_second_one(box, to):
    assert refusal(smtp.send, "k", to, "t", "x").is_final
    assert box.mails == []


def test_a_title_can_add_no_header(box):
    assert refusal(smtp.send, "k", "a@x.example", "t\nBcc: b@y.example", "x").is_final


# Webhooks


def test_a_webhook_is_signed_as_standard_webhooks_has_it(far, setting):
    key = b"0123456789abcdef01234567"
    secret = f"whsec_{base64.b64encode(key).decode()}"
    setting("BATON_SYSTEMS", nms={"url": far.url, "secret": secret})
    webhook.send("k1", "nms", "标题", "内容")
    [(_, headers, content)] = far.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(content) == {"subject": "标题", "text": "内容"}


def test_the_signature_is_that_of_the_standards_own_example():
    body = b'{"test": 2432232314}'
    told = webhook.sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        body,
        at=1614265330,
    )
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_plain_address_is_called_unsigned_and_its_answer_is_read(far, setting):
    setting("BATON_SYSTEMS", nms=far.url)
    far.answer = {"up": True}
    assert webhook.ask("k", "nms", {"port": 7}) == {"up": True}
    assert "webhook-signature" not in far.got[0][1]
    assert refusal(webhook.ask, "k", "other", {}).is_final


@pytest.mark.parametrize(
    "status, is_final, is_unreachable",
    [
        (400, True, False),
        (302, True, False),
        (429, False, False),
        (500, False, False),
        (503, False, True),
    ],
)
def test_what_a_far_side_answers_is_for_good_or_will_pass(
    far, setting, status, is_final, is_unreachable
):
    setting("BATON_SYSTEMS", nms=far.url)
    far.status = status
    error = refusal(webhook.send, "k", "nms", "t", "x")
    assert (error.is_final, error.is_unreachable) == (is_final, is_unreachable)


def test_a_far_side_that_talks_too_much_is_cut_off(far, setting):
    setting("BATON_SYSTEMS", nms=far.url)
    far.answer = b"x" * (http.LARGEST + 1)
    assert refusal(webhook.send, "k", "nms", "t", "x").is_final


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/hidden", "file:///hidden", "hidden"])
def test_an_address_that_leads_nowhere_is_not_told_in_the_error(setting, url):
    setting("BATON_SYSTEMS", nms=url)
    assert refusal(webhook.send, "k", "nms", "t", "x").is_unreachable is url.startswith("http://1")


# Robots and SMS


def test_dingtalk_is_asked_with_its_signature_and_read_by_its_errcode(far, setting):
    setting("BATON_ROBOTS", noc={"gateway": "dingtalk", "url": far.url, "secret": "SECabc"})
    far.answer = {"errcode": 0, "errmsg": "ok"}
    robot.send("k", "noc", "标题 “甲”", "内容\n两行")
    [(path, _, content)] = far.got
    asked = {name: value[0] for name, value in parse_qs(urlsplit(path).query).items()}
    signed = f"{asked['timestamp']}\nSECabc".encode()
    assert asked["sign"] == base64.b64encode(hmac.digest(b"SECabc", signed, "sha256")).decode()
    assert json.loads(content)["text"]["content"] == "标题 “甲”\n\n内容\n两行"


def test_feishu_signs_nothing_with_time_and_secret_as_the_key(far, setting):
    setting("BATON_ROBOTS", noc={"gateway": "feishu", "url": far.url, "secret": "abc"})
    far.answer = {"code": 0}
    robot.send("k", "noc", "t", "x")
    told = json.loads(far.got[0][2])
    key = f"{told['timestamp']}\nabc".encode()
    assert told["sign"] == base64.b64encode(hmac.digest(key, b"", "sha256")).decode()


def test_what_a_robot_is_told_fits_into_its_message(far, setting):
    setting("BATON_ROBOTS", noc={"gateway": "wecom", "url": far.url})
    far.answer = {"errcode": 0}
    robot.send("k", "noc", "题", "长" * 3000)
    content = json.loads(far.got[0][2])["text"]["content"]
    assert len(content.encode()) <= 2048 and content.endswith("长…")


REFUSED = [  # gateway, its answer with 200, and whether that is for good
    ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, True),
    ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, False),
    ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, True),
    ("dingtalk", {"errcode": 410100, "errmsg": "too fast"}, False),
    ("feishu", {"code": 19021, "msg": "sign match fail"}, True),
    ("feishu", {"code": 11232, "msg": "frequency limited"}, False),
    ("feishu", {}, False),
    ("sms", {"code": 404}, True),
    ("sms", {"code": "503"}, False),
    ("yunpian", {"code": 2}, True),
    ("yunpian", {"code": -50}, False),
]


@pytest.mark.parametrize("gateway, answer, is_final", REFUSED)
def test_a_gateway_that_says_no_with_200_has_said_no(far, gateway, answer, is_final):
    far.answer = answer
    told = {"gateway": gateway, "url": far.url, "secret": "s"}
    message = {"key": "k", "to": "138", "title": "t", "text": "x"}
    assert refusal(gateways.send, "it", told, message).is_final is is_final


def test_a_short_message_goes_to_a_number(far, setting):
    setting("BATON_SMS", gateway="sms", url=far.url, user="baton", secret="s3")
    sms.send("k", "+86 138-0000 0000", "标题", "内容")
    [(_, headers, content)] = far.got
    assert headers["authorization"] == f"Basic {base64.b64encode(b'baton:s3').decode()}"
    assert json.loads(content) == {"id": "k", "to": "+8613800000000", "text": "标题\n内容"}
    assert refusal(sms.send, "k", "wang@bank.example", "t", "x").is_final


def test_a_new_gateway_needs_a_file_and_no_code(far, setting, tmp_path, monkeypatch):
    own = {"mas": {"url": "{{ url }}", "form": True, "body": {"to": "{{ to }}"}, "taken": "true"}}
    (tmp_path / "own.json").write_text(json.dumps(own))
    monkeypatch.setenv("BATON_GATEWAYS", str(tmp_path / "own.json"))
    setting("BATON_SMS", gateway="mas", url=far.url)
    sms.send("k", "10086", "t", "x")
    assert far.got[0][2] == b"to=10086"


@pytest.mark.parametrize(
    "given, told",
    [
        ({"gateway": "pigeon"}, "No gateway “pigeon”"),
        ({"gateway": "sms"}, "“url” is undefined"),
        ({}, "BATON_SMS"),
    ],
)
def test_a_setting_that_is_wrong_is_said_so(setting, given, told):
    setting("BATON_SMS", **given)
    error = refusal(sms.send, "k", "10086", "t", "x")
    assert error.is_final and told in str(error).replace("'url'", "“url”")


# All the way


def test_a_dead_mail_server_that_comes_back_gets_each_mail_once(
    engine, session, now, mail, box, monkeypatch
):
    told = {"template": "restored", "facts": TEMPLATES["restored"]["facts"], "subject": ""}
    for n in range(12):
        to = {"channel": "smtp", "to": f"{n}@bank.example"}
        outbox.queue(session, key=f"k{n}", **to, **told, now=now)
    session.commit()
    alive = os.environ["BATON_SMTP"]
    monkeypatch.setenv("BATON_SMTP", "smtp://127.0.0.1:1")
    assert [send_notices(engine, now + timedelta(seconds=s)) for s in (0, 1, 6)] == [0, 0, 0]
    assert {row.waiting for row in backlog(session, now=now) if row.channel == "smtp"} == {12}
    session.commit()
    monkeypatch.setenv("BATON_SMTP", alive)
    done = [send_notices(engine, now + timedelta(minutes=m)) for m in (2, 3)]
    assert sum(done) == 12
    assert len({one["Message-ID"] for one in box.mails}) == len(box.mails) == 12


def test_two_workers_send_each_notice_once(engine, session, now, far, setting):
    setting("BATON_SYSTEMS", nms=far.url)
    told = {"template": "restored", "facts": TEMPLATES["restored"]["facts"], "subject": "ticket:1"}
    for n in range(30):
        outbox.queue(session, key=f"k{n}", channel="webhook", to="nms", **told, now=now)
    session.commit()
    other = connect(engine.url.render_as_string(hide_password=False))
    workers = [threading.Thread(target=send_notices, args=(one, now)) for one in (engine, other)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    other.dispose()
    for minutes in range(1, 9):  # on a busy machine one may not have got through at first
        send_notices(engine, now + timedelta(minutes=minutes))
    keys = [headers["Idempotency-Key"] for _, headers, _ in far.got]
    assert sorted(keys) == sorted({f"k{n}" for n in range(30)})


def test_a_mail_server_that_says_nothing_keeps_nobody_waiting(
    engine, session, now, far, setting, monkeypatch
):
    monkeypatch.setattr(smtp, "SECONDS", 0.4)
    monkeypatch.setattr(sending, "PATIENCE", 0.05)
    told = {"template": "restored", "facts": TEMPLATES["restored"]["facts"], "subject": ""}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("BATON_SMTP", f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        setting("BATON_SYSTEMS", nms=far.url)
        mail = outbox.queue(session, key="m", channel="smtp", to="a@x.example", **told, now=now)
        outbox.queue(session, key="w", channel="webhook", to="nms", **told, now=now)
        session.commit()
        send_notices(engine, now)
        slow = sending._desks[engine].at_work
        assert slow["smtp"].is_alive() and send_notices(engine, now) == 0
        for thread in slow.values():
            thread.join()
    session.refresh(mail)
    assert (mail.state, mail.attempts, len(far.got)) == ("waiting", 0, 1)
    assert "Timeout" in mail.error or "timed out" in mail.error
