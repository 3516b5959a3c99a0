"""Can we listen there: asked before anything is started, and by ``axspa-node doctor``."""

import socket
import time

from config.errors import Final

_LOOK_S = 0.2


def problem(host: str, port: int) -> OSError | None:
    """Why this address cannot be listened on; None where it can, and always for port 0, which means any."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def wait_until_free(host: str, port: int, *, what: str, code: str, patience_s: float) -> None:
    """Wait until an address can be listened on: a node that was just ended needs a moment to let go of it.

    Raises
    ------
    Final
        It cannot within ``patience_s`` seconds (the given code).
    """
    end = time.monotonic() + patience_s
    while (error := problem(host, port)) is not None:
        if time.monotonic() >= end or isinstance(error, PermissionError):
            reason = error.strerror or type(error).__name__
            sentence = f"{what} cannot be used ({reason}); end what holds it, or take another one: {host}:{port}"
            raise Final(code, sentence)
        time.sleep(_LOOK_S)
