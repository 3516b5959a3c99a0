"""The ways by which an alarm reaches people: mail, and a web hook. What they carry names no patient."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage

import httpx

from config.settings import Settings
from config.settings_keeping import AlarmSettings
from storage.alarms import Telling

TIMEOUT_S = 20.0

Way = Callable[[Telling], None]
"""Tells it, or raises OSError with what went wrong, without any secret."""


def ways(settings: Settings) -> dict[str, Way]:
    """The ways that the settings name, by their names."""
    alarms, node, found = settings.alarms, settings.receiver.ae_title, dict[str, Way]()
    if alarms.webhook.get_secret_value():
        found["webhook"] = lambda telling: _post(alarms, node, telling)
    if alarms.smtp_host:
        found["mail"] = lambda telling: _mail(alarms, node, telling)
    return found


def _post(alarms: AlarmSettings, node: str, telling: Telling) -> None:
    content = {
        "node": node,
        "alarm": telling.name,
        "state": "over" if telling.over else "raised",
        "sentence": telling.sentence,
        "since": telling.since.isoformat(),
    }
    try:
        answer = httpx.post(alarms.webhook.get_secret_value(), json=content, timeout=TIMEOUT_S, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:  # its message may hold the address, which is secret
        raise OSError(f"the web hook does not answer ({type(error).__name__})") from None
    if not answer.is_success:
        raise OSError(f"the web hook answers with HTTP status {answer.status_code}")


def _mail(alarms: AlarmSettings, node: str, telling: Telling) -> None:
    message = EmailMessage()
    message["From"], message["To"] = alarms.mail_from, ", ".join(alarms.mail_to)
    state = "over" if telling.over else "alarm"
    message["Subject"] = f"axspa-node {node}: {state}: {telling.name}"
    was = "It is over. It was: " if telling.over else ""
    message.set_content(f"{was}{telling.sentence}\n\nSince {telling.since:%Y-%m-%d %H:%M} UTC, node {node}.\n")
    try:
        with _server(alarms) as server:
            if alarms.smtp_user:
                server.login(alarms.smtp_user, alarms.smtp_password.get_secret_value())
            server.send_message(message)
    except smtplib.SMTPException as error:  # its message may hold what the server was told
        raise OSError(f"the mail server does not take it ({type(error).__name__})") from None


def _server(alarms: AlarmSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if alarms.smtp_security == "tls":
        return smtplib.SMTP_SSL(alarms.smtp_host, alarms.smtp_port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(alarms.smtp_host, alarms.smtp_port, timeout=TIMEOUT_S)
    if alarms.smtp_security == "starttls":
        server.starttls(context=context)
    return server
