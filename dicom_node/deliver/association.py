"""Associations with one peer: name resolution, TLS, and in a sentence why none came about."""

import socket
import ssl
from collections.abc import Sequence
from typing import Any

from pynetdicom.presentation import PresentationContext

from config.destinations import DicomDestination
from config.errors import SettingsError
from dicom_node.deliver.destination import Outcome, Verdict
from dicom_node.deliver.tls import client_context
from dicom_node.pynetdicom_patches import Rejection, Requested, make_entity, request_association
from storage.codes import DeliveryCode

_PROBE_S = 5.0


def associate(
    destination: DicomDestination,
    contexts: Sequence[PresentationContext],
    *,
    our_ae_title: str,
    timeout_s: float,
    handlers: Sequence[tuple[Any, ...]] = (),
) -> Requested | Outcome:
    """Ask for an association; the outcome that each object has where none comes about.

    Where the peer took the association and none of the contexts, it is given as it is.
    """
    entity = make_entity(our_ae_title)
    entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = timeout_s
    try:
        secure = client_context(destination.tls) if destination.tls else None
        # Resolved here, since pynetdicom raises what a resolver says, and beside it nothing that can be told apart.
        socket.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
    except SettingsError as error:
        return Outcome(Verdict.RETRY, None, DeliveryCode.TLS_FAILED, error.sentence)
    except (socket.gaierror, UnicodeError) as error:
        reason = str(getattr(error, "strerror", "") or "it is no legal name")
        sentence = f"{place(destination)} cannot be found: the host name is not known ({reason})."
        return Outcome(Verdict.RETRY, None, DeliveryCode.NAME_UNKNOWN, sentence)
    asked = request_association(
        entity,
        (destination.host, destination.port),
        contexts=contexts,
        called_ae_title=destination.ae_title,
        tls_args=None if secure is None else (secure, destination.host),
        handlers=handlers,
    )
    assoc = asked.association
    if assoc.is_established or (assoc.is_aborted and assoc.rejected_contexts and not assoc.accepted_contexts):
        return asked
    return _why(asked.rejection, destination, secure, timeout_s=timeout_s)


def place(destination: DicomDestination) -> str:
    """A destination in words."""
    return f"{destination.name} ({destination.address})"


def _why(
    rejection: Rejection | None, destination: DicomDestination, secure: ssl.SSLContext | None, *, timeout_s: float
) -> Outcome:
    where = place(destination)
    if rejection is not None:
        hints = {(1, 3): "; it must know our AE title", (1, 7): "; check destinations.ae_title"}
        hint = hints.get((rejection.source, rejection.reason), "")
        sentence = f"{where} rejected the association: {rejection.sentence}{hint}."
        return Outcome(Verdict.RETRY, None, DeliveryCode.ASSOCIATION_REJECTED, sentence)
    try:
        plain = socket.create_connection((destination.host, destination.port), timeout=min(timeout_s, _PROBE_S))
    except OSError as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else str(error.strerror or error)
        return Outcome(Verdict.RETRY, None, DeliveryCode.NOT_REACHED, f"{where} cannot be reached: {reason}.")
    with plain:
        if secure is not None and (failed := _handshake(plain, destination, secure)):
            sentence = f"{where} takes connections, and TLS with it failed: {failed}."
            return Outcome(Verdict.RETRY, None, DeliveryCode.TLS_FAILED, sentence)
    sentence = f"{where} takes connections but did not answer as a DICOM node within {timeout_s:g} s."
    return Outcome(Verdict.RETRY, None, DeliveryCode.NO_DICOM_ANSWER, sentence)


def _handshake(plain: socket.socket, destination: DicomDestination, secure: ssl.SSLContext) -> str:
    """Why no TLS connection comes about; empty where one does."""
    try:
        secure.wrap_socket(plain, server_hostname=destination.host).close()
    except ssl.SSLError as error:
        verified = str(getattr(error, "verify_message", "") or "")
        return verified or (error.reason or "no TLS there").replace("_", " ").lower()
    except OSError:
        return "it ended the connection; it may speak no TLS"
    return ""
