"""E-mail. BATON_SMTP is the server: smtp://user:password@host:port?starttls, or smtps://….

BATON_MAIL_FROM is the sender. A notice that is sent again has the same Message-ID.
"""

import hashlib
import os
import smtplib
import ssl
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from urllib.parse import SplitResult, unquote, urlsplit

from notifications.refusals import NotSent

SECONDS = 10.0  # how long the server may keep silent at each of some ten steps
NOT_SIGNED_IN = {530, 534, 535, 538}


def send(
    key: str, to: str, title: str, text: str, invitation: tuple[str, bytes] | None = None
) -> None:
    server = urlsplit(os.environ.get("BATON_SMTP", ""))
    if not server.hostname:
        raise NotSent("No mail server: set BATON_SMTP", is_final=True)
    message = _write(key, to, title, text, server.hostname)
    if invitation:
        _add_invitation(message, *invitation)
    try:
        _hand_over(server, message)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _refused(code, said) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotSent(f"the mail server cannot: {error}", is_final=True) from error
    except (OSError, smtplib.SMTPException) as error:
        told = f"the mail server: {type(error).__name__}: {error}"
        raise NotSent(told, is_unreachable=True) from error


def is_ready() -> bool:
    return bool(urlsplit(os.environ.get("BATON_SMTP", "")).hostname)


def _write(key: str, to: str, title: str, text: str, host: str) -> EmailMessage:
    sender = os.environ.get("BATON_MAIL_FROM") or f"Baton <baton@{host}>"
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    try:
        message["From"], message["To"] = sender, Address(addr_spec=to)  # one, whatever it contains
        message["Subject"] = title
    except (HeaderParseError, ValueError, IndexError) as error:
        raise NotSent(f"“{to}” or the title cannot be in a mail: {error}", is_final=True) from error
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _add_invitation(message: EmailMessage, method: str, file: bytes) -> None:
    """As RFC 6047 has it, so that a mail program offers to accept; and as a file for others."""
    told = {"method": method}
    message.add_alternative(file.decode(), subtype="calendar", charset="utf-8", params=told)
    message.add_attachment(file, maintype="application", subtype="ics", filename="visit.ics")


def _hand_over(server: SplitResult, message: EmailMessage) -> None:
    mail = _connect(server)
    try:
        if "starttls" in server.query:
            mail.starttls(context=_trust())
        if server.username:
            _sign_in(mail, unquote(server.username), unquote(server.password or ""))
        mail.send_message(message)
    except BaseException:
        mail.close()
        raise
    try:
        mail.quit()
    except (OSError, smtplib.SMTPException):
        mail.close()  # it has taken the message: what comes after is nothing to us


def _connect(server: SplitResult) -> smtplib.SMTP:
    host = server.hostname or ""
    try:
        if server.scheme == "smtps":
            return smtplib.SMTP_SSL(host, server.port or 465, timeout=SECONDS, context=_trust())
        return smtplib.SMTP(host, server.port or 25, timeout=SECONDS)
    except smtplib.SMTPResponseException as error:  # it does not greet: nothing about our notice
        raise NotSent(
            f"the mail server greets with {error.smtp_code}", is_unreachable=True
        ) from error


def _sign_in(mail: smtplib.SMTP, user: str, password: str) -> None:
    try:
        mail.login(user, password)
    except smtplib.SMTPAuthenticationError as error:  # wrong for every notice until it is mended
        told = f"the mail server does not let us in ({error.smtp_code}): see BATON_SMTP"
        raise NotSent(told, is_unreachable=True) from error


def _refused(code: int, said: bytes | str) -> NotSent:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    told = f"the mail server answered {code} {text}"[:500]
    is_down = code == 421 or code in NOT_SIGNED_IN
    return NotSent(told, is_final=code >= 500 and not is_down, is_unreachable=is_down)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()
