"""Can we listen there, and who does: asked before anything is started, and by ``axspa-node doctor``."""

import errno
import socket
import time

import psutil

_LOOK_S = 0.2
_MOST_SIGNS = 160  # of the command line of another program


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


def holder(port: int) -> psutil.Process | None:
    """The process that listens on a TCP port of this machine, where the system tells us."""
    try:
        found = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return None
    for one in found:
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
            try:
                return psutil.Process(one.pid)
            except psutil.Error:
                return None
    return None


def explain(error: OSError, host: str, port: int, *, setting: str) -> str:
    """Why a port cannot be used, who holds it and what to do, for the end of a sentence.

    Parameters
    ----------
    error : OSError
        What :func:`problem` gave.
    host, port
        As there.
    setting : str
        Name of the option that says which port it is.
    """
    if error.errno != errno.EADDRINUSE:
        return f"({error.strerror}): {host}:{port}"
    process = holder(port)
    if process is None:
        who = f"another program holds it; end that, or set another {setting}"
    else:
        who = f"process {process.pid} holds it; end it with kill {process.pid}, or set another {setting}; it is "
        who += _command(process)
    return f"({error.strerror}): {who}: {host}:{port}"


def _command(process: psutil.Process) -> str:
    try:
        words = " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return "whose command line may not be read"
    return "".join(sign for sign in words if sign.isprintable())[:_MOST_SIGNS]


def _try(host: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
