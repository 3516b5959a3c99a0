"""Who is on the other side of a connection, and in words why one came to nothing."""

from dicom_node.pynetdicom_listening import GuardedAssociation
from dicom_node.receive.listener import Stream
from storage.associations import Peer

_REJECTIONS = {
    (1, 3): "The calling AE title is not in receiver.allowed_callers.",
    (1, 7): "It called another AE title than ours, and receiver.require_called_ae is set.",
}
STREAMS = {
    Stream.NOTHING: "It connected and sent nothing.",
    Stream.DICOM: "It began like DICOM, but no complete association request came.",
    Stream.TLS: "The peer speaks TLS on the plain port; switch TLS off there.",
    Stream.HTTP: "The peer speaks HTTP; this port is for DICOM. The panel has a port of its own.",
    Stream.UNKNOWN: "The peer does not speak DICOM.",
}


def peer_of(assoc: GuardedAssociation) -> Peer:
    """The other side, as far as it said who it is."""
    requestor, address = assoc.requestor, assoc.requestor.address_info
    primitive = requestor.primitive
    return Peer(
        host=str(address.address) if address is not None else "",
        port=int(address.port) if address is not None else 0,
        calling_ae=_printable(primitive.calling_ae_title) if primitive is not None else "",
        called_ae=_printable(primitive.called_ae_title) if primitive is not None else "",
        implementation=_printable(requestor.implementation_version_name) if primitive is not None else "",
    )


def _printable(text: object) -> str:
    return "".join(sign for sign in str(text or "") if sign.isprintable()).strip()


def why_rejected(assoc: GuardedAssociation) -> str:
    """Why an association was not accepted, as we answered it."""
    if assoc.visit.rejected:
        return str(assoc.visit.rejected)
    answer = assoc.acceptor.primitive
    reason = (getattr(answer, "result_source", None), getattr(answer, "diagnostic", None))
    return _REJECTIONS.get(reason, "The association ended before it was accepted.")  # type: ignore[arg-type]
