"""Can we listen there, and who does: asked before anything is started, and by ``axspa-node doctor``."""

import errno
import socket
import time
from pathlib import Path

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
    elif (node := _node(process)) is not None:
        who = f"a node that runs already holds it; end that with kill {node.pid}, or set another {setting}"
    else:
        who = f"another program holds it; set another {setting}, or end that program if you know it: process "
        who += f"{process.pid}, {_command(process)}"
    return f"({error.strerror}): {who}: {host}:{port}"


def _node(process: psutil.Process) -> psutil.Process | None:
    """The main process of the node that a process belongs to; None for a program that is none of ours."""
    try:
        return next((one for one in (process, *process.parents()) if _serves(one.cmdline())), None)
    except psutil.Error:
        return None


def _serves(words: list[str]) -> bool:
    """Whether a command line is that of ``axspa-node serve``, by its script or by its module."""
    return "serve" in words and any(word == "dicom_node.cli" or Path(word).name == "axspa-node" for word in words)


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
