"""STOW-RS to one destination: the bytes of each object as they are, and the answer that came back for each.

One object is sent by a request, so that each has an outcome of its own as it comes. What it keeps is asked by QIDO-RS.

References
----------
PS3.18 sections 10.5 (Store) and 10.6 (Search), Annex I.2 (failure reasons).
"""

import logging
import secrets
import socket
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from config.codes import Code
from config.destinations import TlsSettings, WebDestination
from config.errors import SettingsError
from dicom_node.deliver.cstore import LOST_IN_A_ROW, OUR_SOP_CLASSES, classify
from dicom_node.deliver.destination import Capability, Outcome, Outgoing, ProofAnswer, Verdict
from dicom_node.deliver.tls import client_context
from storage.codes import DeliveryCode
from storage.states import Proof

_CHUNK_BYTES = 256 * 1024
_LARGEST_ANSWER_BYTES = 4 * 1024 * 1024
_FAILED, _STORED = "00081198", "00081199"
_FAILURE_REASON, _WARNING_REASON = "00081197", "00081196"
_CLASS_NOT_SUPPORTED = 0x0122
_LOST = frozenset({DeliveryCode.NO_ANSWER, DeliveryCode.ASSOCIATION_LOST})


class Stow:
    """A destination that is sent to by STOW-RS.

    Parameters
    ----------
    destination : WebDestination
    timeout_s : float
        For connecting, and for each part of an answer.
    """

    def __init__(self, destination: WebDestination, *, timeout_s: float) -> None:
        self._destination = destination
        self._timeout_s = timeout_s
        # Its lines name addresses, and these name studies.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    @property
    def name(self) -> str:
        """As in the settings and the ledger."""
        return self._destination.name

    def send(self, objects: Sequence[Outgoing]) -> Generator[Outcome, None, None]:
        """Send objects one after the other, and yield what came back for each as it comes."""
        client = self._client()
        if isinstance(client, Outcome):
            yield from [client] * len(objects)
            return
        lost = 0
        with client:
            for number, made in enumerate(objects):
                if lost == LOST_IN_A_ROW:
                    broken = f"{self._place} broke off {lost} requests in a row."
                    rest = Outcome(Verdict.RETRY, None, DeliveryCode.BREAKS_OFF, broken)
                    yield from [rest] * (len(objects) - number)
                    return
                outcome = self._store(client, made)
                lost = lost + 1 if outcome.code in _LOST else 0
                yield outcome

    def prove(self, objects: Sequence[Outgoing], *, transaction_uid: str, again: bool = False) -> list[ProofAnswer]:
        """Ask by QIDO-RS for each object; DICOMweb has no storage commitment that is widely there."""
        if self._destination.proof in ("none", "commitment"):
            sentence = "The settings ask for a proof that DICOMweb does not have, or for none."
            return [ProofAnswer(Proof.UNPROVABLE, comment=sentence)] * len(objects)
        client = self._client()
        if isinstance(client, Outcome):
            return [ProofAnswer(Proof.WANTED, comment=client.comment)] * len(objects)
        with client:
            return [self._find(client, made) for made in objects]

    def verify(self) -> Capability:
        """Ask whether its DICOMweb services answer; which classes it stores shows only when they are sent."""
        client = self._client()
        if isinstance(client, Outcome):
            return Capability(False, client.comment, dict.fromkeys(OUR_SOP_CLASSES, False))
        with client:
            try:
                status = client.get("studies", params={"limit": 1}).status_code
            except httpx.HTTPError as error:
                return Capability(False, self._unreached(error).comment, dict.fromkeys(OUR_SOP_CLASSES, False))
        if status in (200, 204, 206):
            return Capability(True, f"{self._place} answers QIDO-RS.", dict.fromkeys(OUR_SOP_CLASSES, True))
        sentence = f"{self._place} answers QIDO-RS with HTTP status {status}; check url and who may log in."
        return Capability(False, sentence, dict.fromkeys(OUR_SOP_CLASSES, False))

    @property
    def _place(self) -> str:
        return f"{self._destination.name} ({self._destination.address})"

    def _client(self) -> httpx.Client | Outcome:
        """Connections with what the settings say; the outcome of each object where that cannot be made."""
        settings = self._destination
        url = httpx.URL(settings.url.rstrip("/") + "/")
        try:
            secret = settings.secret()
            context = client_context(settings.tls or TlsSettings()) if url.scheme == "https" else False
            socket.getaddrinfo(url.host, url.port or 0, type=socket.SOCK_STREAM)
        except SettingsError as error:
            code = DeliveryCode.LOGIN_REFUSED if error.code == Code.SECRET_UNREADABLE else DeliveryCode.TLS_FAILED
            return Outcome(Verdict.RETRY, None, code, error.sentence)
        except (socket.gaierror, UnicodeError):
            sentence = f"{self._place} cannot be found: the host name is not known."
            return Outcome(Verdict.RETRY, None, DeliveryCode.NAME_UNKNOWN, sentence)
        headers = {"Accept": "application/dicom+json"}
        if secret and not settings.user:
            headers["Authorization"] = f"Bearer {secret}"
        auth = httpx.BasicAuth(settings.user, secret) if settings.user else None
        # The settings alone say where to: no proxy of the environment gets what names patients.
        return httpx.Client(
            base_url=url, headers=headers, auth=auth, verify=context, timeout=self._timeout_s, trust_env=False
        )

    def _store(self, client: httpx.Client, made: Outgoing) -> Outcome:
        boundary = secrets.token_hex(16)
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        try:
            size = made.path.stat().st_size + len(head) + len(tail)
            answer = client.post(
                "studies",
                content=_body(made.path, head, tail),
                headers={
                    "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
                    "Content-Length": str(size),
                },
            )
        except OSError as error:
            return Outcome(
                Verdict.RETRY, None, Code.OBJECT_UNREADABLE, f"Our own file cannot be read: {error.strerror}."
            )
        except httpx.HTTPError as error:
            return self._unreached(error)
        return self._judge(answer, made)

    def _judge(self, answer: httpx.Response, made: Outgoing) -> Outcome:
        status = answer.status_code
        reason = _reason(answer, made.sop_instance_uid)
        if reason == _CLASS_NOT_SUPPORTED:
            sentence = f"{self._place} does not accept the SOP class; allow it there, then send again."
            return Outcome(Verdict.REFUSED, reason, DeliveryCode.SOP_CLASS_REFUSED, sentence)
        if reason is not None:
            return classify(reason)
        said = f"{self._place} answers with HTTP status {status}"
        if status in (200, 202):  # that it says yes to the whole is not that it stored this one
            unnamed = f"{said} and does not name the object."
            return Outcome(Verdict.RETRY, None, DeliveryCode.PROCESSING_FAILURE, unnamed)
        if status in (401, 403, 407):
            return Outcome(Verdict.RETRY, None, DeliveryCode.LOGIN_REFUSED, f"{said}; check who may log in there.")
        if status in (408, 429, 500):
            return Outcome(Verdict.RETRY, None, DeliveryCode.PROCESSING_FAILURE, f"{said}.")
        if status == 507:
            return Outcome(Verdict.RETRY, None, DeliveryCode.OUT_OF_RESOURCES, f"{said}.")
        if status in (404, 405) or 300 <= status < 400 or status > 500:
            return Outcome(Verdict.RETRY, None, DeliveryCode.NO_DICOM_ANSWER, f"{said}; check url.")
        return Outcome(Verdict.REFUSED, None, DeliveryCode.REFUSED, f"{said}.")

    def _find(self, client: httpx.Client, made: Outgoing) -> ProofAnswer:
        where = f"studies/{made.study_instance_uid}/instances"
        try:
            answer = client.get(where, params={"SOPInstanceUID": made.sop_instance_uid})
        except httpx.HTTPError as error:
            return ProofAnswer(Proof.WANTED, comment=self._unreached(error).comment)
        if answer.status_code not in (200, 204, 404):
            sentence = f"{self._place} answers the query with HTTP status {answer.status_code}."
            return ProofAnswer(Proof.WANTED, comment=sentence)
        named = {_value(item, "00080018") for item in _json(answer, list)} if answer.status_code == 200 else set()
        if made.sop_instance_uid in named:
            return ProofAnswer(Proof.FOUND, comment=f"{self._place} names it among what it has.")
        return ProofAnswer(Proof.WANTED, True, f"{self._place} does not name it among what it has.")

    def _unreached(self, error: httpx.HTTPError) -> Outcome:
        """What a connection that failed means; of the error only its kind is said, for its words may hold addresses."""
        if isinstance(error, httpx.ConnectError) and "SSL" in str(error):
            sentence = f"{self._place} takes connections, and TLS with it failed; check certificates."
            return Outcome(Verdict.RETRY, None, DeliveryCode.TLS_FAILED, sentence)
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
            why = "no answer in time" if isinstance(error, httpx.ConnectTimeout) else "no connection"
            return Outcome(Verdict.RETRY, None, DeliveryCode.NOT_REACHED, f"{self._place} cannot be reached: {why}.")
        if isinstance(error, httpx.TimeoutException):
            return Outcome(Verdict.RETRY, None, DeliveryCode.NO_ANSWER, f"{self._place} gave no answer in time.")
        return Outcome(Verdict.RETRY, None, DeliveryCode.ASSOCIATION_LOST, f"{self._place} broke the request off.")


def _body(path: Path, head: bytes, tail: bytes) -> Iterator[bytes]:
    yield head
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
    yield tail


def _reason(answer: httpx.Response, sop_instance_uid: str) -> int | None:
    """Failure reason, or warning, that the answer gives for an object; 0 where it names it as stored."""
    said = _json(answer, dict)
    for tag, reason_tag in ((_FAILED, _FAILURE_REASON), (_STORED, _WARNING_REASON)):
        for item in (said.get(tag) or {}).get("Value") or ():
            if _value(item, "00081155") == sop_instance_uid:
                reason = _value(item, reason_tag)
                return reason if isinstance(reason, int) and reason else (0x0110 if tag == _FAILED else 0)
    return None


def _json(answer: httpx.Response, kind: type[Any]) -> Any:
    """The body of an answer where it is JSON of this kind, else an empty one."""
    try:
        content = answer.json() if len(answer.content) <= _LARGEST_ANSWER_BYTES else kind()
    except ValueError:
        return kind()
    return content if isinstance(content, kind) else kind()


def _value(item: Mapping[str, Any], tag: str) -> Any:
    values = (item.get(tag) or {}).get("Value") if isinstance(item, dict) else None
    return values[0] if values else None
