"""Can we listen there: asked before anything is started, and by ``axspa-node doctor``."""

import socket
import time

_LOOK_S = 0.2


def problem(host: str, port: int, *, patience_s: float = 0.0) -> OSError | None:
    """Why this address cannot be listened on; None where it can, and always for port 0, which means any.

    Parameters
    ----------
    host : str
    port : int
    patience_s : float
        Look again for so long: a node that was just ended needs a moment to let go of its ports.
    """
    end = time.monotonic() + patience_s
    while (error := _try(host, port)) is not None:
        if time.monotonic() >= end or isinstance(error, PermissionError):
            return error
        time.sleep(_LOOK_S)
    return None


def _try(host: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
