"""No process of a node outlives the main one, however that ends, and a port that is held has a name."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from dicom_node import ports
from dicom_node.analyse.engine import Engine
from tests.factories.waiting import wait_until
from tests.processes.test_serve import attempt
from tests.programs import ENVIRONMENT, free_port

# A main process with a worker that holds a decoder, as the decoder of damaged streams is held.
WITH_DECODER = """
import os, subprocess, sys, time
from dicom_node import ports
from dicom_node.analyse.engine import Engine
from tests.processes.test_orphans import decodes
if __name__ == "__main__":
    job = Engine(1).submit(decodes, sys.argv[1])
    while True:
        time.sleep(1)
"""
WAITS_FOR_A_QUESTION = [sys.executable, "-m", "inference.dicom.isolated"]


def decodes(folder: str) -> None:
    """A job whose decoder never gets its question; it tells both processes' numbers."""
    child = subprocess.Popen([*WAITS_FOR_A_QUESTION, str(os.getpid())], stdin=subprocess.PIPE)
    (Path(folder) / "pids.new").write_text(f"{os.getpid()} {child.pid}")
    (Path(folder) / "pids.new").rename(Path(folder) / "pids")
    child.wait()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_node_that_is_killed_leaves_no_process_and_its_ports_are_free_at_once(tmp_path: Path) -> None:
    with attempt(tmp_path) as node:
        wait_until(node.listens, timeout_s=120, what="the node to listen")
        wait_until(lambda: len(node.group()) >= 4, timeout_s=120, what="receiver, panel and worker")
        node.process.send_signal(signal.SIGKILL)
        node.process.wait(60)
        wait_until(lambda: not node.group(), timeout_s=60, what="every process of the node to be gone")
        assert not node.listens()
        assert [ports.problem("127.0.0.1", port) for port in node.ports] == [None, None]


def test_a_worker_and_the_decoder_that_it_holds_end_with_the_main_process(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(WITH_DECODER)
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(Path(__file__).resolve().parents[2])])}
    main = subprocess.Popen([sys.executable, str(tmp_path / "main.py"), str(tmp_path)], env=environment)
    try:
        wait_until((tmp_path / "pids").exists, timeout_s=120, what="the decoder")
        pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
        assert not any(gone(pid) for pid in pids)
    finally:
        main.kill()
        main.wait()
    wait_until(lambda: all(gone(pid) for pid in pids), timeout_s=60, what="worker and decoder to be gone")


def test_a_decoder_whose_starter_is_gone_already_ends_at_once() -> None:
    done = subprocess.run(
        [*WAITS_FOR_A_QUESTION, str(os.getpid() + 1)],
        stdin=subprocess.DEVNULL,
        env=ENVIRONMENT,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL


def test_a_worker_outlives_the_thread_that_started_it() -> None:
    """The clock starts workers from threads that end before the last analysis does."""
    engine = Engine(1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: engine.submit(os.getpid).result(120)).result(120)
    try:
        assert engine.submit(os.getpid).result(120) == first
    finally:
        engine.kill()


def test_a_port_that_another_program_holds_is_never_a_reason_to_kill_that(tmp_path: Path) -> None:
    port = free_port()
    listen = f"import socket, time; s = socket.create_server(('127.0.0.1', {port}))"
    code = f"{listen}; print('on', flush=True); time.sleep(600)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"on\n"
        with attempt(tmp_path, dicom_port=port) as node:
            status, said = node.result()
    finally:
        holder.kill()
        holder.communicate()
    assert status == 1
    assert "another program holds it; set another receiver.port, or end that program if you know it" in said
    assert f"process {holder.pid}, " in said
    assert "create_server" in said
    assert "kill" not in said
    assert f"127.0.0.1:{port} [RECEIVER_PORT]" in said


def test_a_port_that_a_node_holds_says_how_to_end_that_node(tmp_path: Path) -> None:
    with attempt(tmp_path, plain=True) as node:
        wait_until(node.listens, timeout_s=120, what="the node to listen")
        for port, setting in zip(node.ports, ("receiver.port", "panel.port"), strict=True):
            wait_until(lambda port=port: ports.problem("127.0.0.1", port), timeout_s=120, what="its port to be taken")
            error = ports.problem("127.0.0.1", port)
            assert error is not None
            said = ports.explain(error, "127.0.0.1", port, setting=setting)
            assert f"a node that runs already holds it; end that with kill {node.process.pid}" in said


def test_a_port_whose_holder_nobody_tells_is_held_by_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "net_connections", lambda kind: [])
    said = ports.explain(OSError(98, "Address already in use"), "127.0.0.1", 104, setting="panel.port")
    assert "another program holds it; end that, or set another panel.port" in said
    said = ports.explain(PermissionError(13, "Permission denied"), "127.0.0.1", 104, setting="panel.port")
    assert said == "(Permission denied): 127.0.0.1:104"
