"""B6, B7, B11, B12 and D8: faults of the node, workers that die or hang, and a main process that is killed."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import psutil

from tests.outside.archive import Archive, send
from tests.outside.inputs import FLUID, T1, Inputs, renamed
from tests.outside.node import READ_S, Node, running, waited
from tests.outside.statements import cut
from tests.outside.verdict import Outcome, Seen, case, fault, no_fault
from tests.outside.version import Broken, Version

WATCH_S = 90.0
NO_BUNDLE = re.compile(r"BUNDLE_|no (model )?bundle|bundle[^.]{0,80}\b(missing|gone|cannot|damaged)\b", re.IGNORECASE)
TIMEOUT_S = 100.0  # of an analysis in B7; on a busy machine the first takes up to 90 s, each other one 20 to 30
KILLS = 8
GONE_S = 20.0


def push(node: Node, inputs: Inputs, name: str) -> None:
    """Send the shipped study under another name."""
    send(renamed(inputs.shipped(T1, FLUID), name), node.dicom_port)


@case("B6", "a fault of the node (its bundle is gone) makes studies fail")
def fault_of_the_node(version: Version, inputs: Inputs) -> Seen:
    roots = version.work / "b6-bundles"
    shutil.copytree(version.checkout / "inference" / "bundles" / "sij-1", roots / "outside-1")
    settings = {"bundle": "outside-1", "bundle_roots": [str(roots)], "max_attempts": 1}
    with running(version, "b6", analysis=settings) as node:
        (roots / "outside-1").rename(roots / "away")
        push(node, inputs, "b6")
        address = node.study()
        state = node.settled(address, WATCH_S)
        if state.startswith("failed"):
            return fault(f"failed: {cut(node.panel.state(address)[1])}")
        if state:
            raise Broken(f"the study is {state} although the bundle is gone")
        healthy, _ = node.panel.health()
        said = any(NO_BUNDLE.search(node.panel.page(one).text) for one in ("/studies", "/status", address))
        (roots / "away").rename(roots / "outside-1")
        if healthy == 200 and not said:
            return fault("nobody is told that the bundle is gone")
        state = node.settled(address)
        if not state.startswith("done"):
            return fault(f"it does not go on by itself when the bundle is back: {state or 'still waiting'}")
        return no_fault(f"it waited, health was {healthy}, and was done once the bundle was back")


@case("B7", "a study that runs into the time-out takes innocent ones with it (two workers)")
def poison_and_innocents(version: Version, inputs: Inputs) -> Seen:
    settings = {"workers": 2, "threads": 1, "max_attempts": 1, "timeout_s": TIMEOUT_S}
    with running(version, "b7", analysis=settings) as node:
        sent = 0
        for _ in range(5):
            sent += 1
            push(node, inputs, f"b7-{sent}")
        # A process that still loads its models reads nothing: it is stopped once both have read a study.
        waited(lambda: sum(_over(one) for one in _states(node, sent)) >= 2, READ_S)
        if not waited(lambda: _states(node, sent).count("analysing") >= 2, 120):
            raise Broken(f"two analyses at once were not seen: {_states(node, sent)}")
        stuck = _busiest(node)
        stuck.send_signal(signal.SIGSTOP)
        end = time.monotonic() + TIMEOUT_S + 60
        while _lives(stuck) and time.monotonic() < end:
            if sum(not _over(one) for one in _states(node, sent)) < 3:
                sent += 1
                push(node, inputs, f"b7-{sent}")
            time.sleep(1)
        if _lives(stuck):
            stuck.kill()
            raise Broken("the time-out ended nothing; perhaps the process that was stopped read no study just then")
        waited(lambda: all(_over(one) for one in _states(node, sent)), READ_S)
        states = _states(node, sent)
        failed = sum(one.startswith("failed") for one in states)
        words = f"one of {sent} hung; failed {failed}, done {states.count('done')}"
        if failed + states.count("done") != sent:
            raise Broken(f"not all came to an end: {states}")
        return fault(words) if failed > 1 else no_fault(words)


def _states(node: Node, sent: int) -> list[str]:
    return [node.panel.state(f"/studies/{number}")[0].lower() for number in range(1, sent + 1)]


def _over(state: str) -> bool:
    return state.startswith(("done", "failed", "held", "not "))


def _busiest(node: Node) -> psutil.Process:
    readers = node.readers()
    if len(readers) < 2:
        raise Broken(f"{len(readers)} processes read studies, not two")
    for one in readers:
        one.cpu_percent()
    time.sleep(1)
    return max(readers, key=lambda one: one.cpu_percent())


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@case("B11", "the end of a called-off analysis raises in the coordinator")
def called_off(version: Version, inputs: Inputs) -> Seen:
    return Seen(
        Outcome.INNER,
        "it needs an analysis that is called off between two lines of the coordinator; from outside it looks like any"
        " worker that was lost. An inner test has it.",
    )


@case("B12", "a resend of the older good result is offered while the study is failed, and refused")
def resend_of_older(version: Version, inputs: Inputs) -> Seen:
    with running(version, "b12", analysis={"max_attempts": 1}) as node:
        push(node, inputs, "b12")
        address = node.study()
        if not node.settled(address).startswith("done"):
            raise Broken(f"the study is {node.panel.state(address)}")
        node.panel.press(node.panel.page(address).forms_of("reprocess")[0])
        if not _killed_until_failed(node, address):
            raise Broken(f"the study did not fail: {node.panel.state(address)}")
        offered = node.panel.page(address).forms_of("resend")
        if not offered:
            return no_fault("nothing is offered while the study is failed")
        before = len(node.archive.got())
        answer = node.panel.press(offered[0])
        if waited(lambda: len(node.archive.got()) > before, 30):
            return no_fault(f"'{offered[0].words.strip()}' sent {len(node.archive.got()) - before} objects")
        line = next((one for one in _flashes(answer.source)), "no word of it")
        return fault(f"'{offered[0].words.strip()}' is offered and sends nothing: {cut(line)}")


def _flashes(source: str) -> list[str]:
    found = re.findall(r'class="flash[^"]*"[^>]*>(.*?)</div>', source, re.DOTALL)
    return [re.sub(r"<[^>]*>", " ", one).strip() for one in found]


def _killed_until_failed(node: Node, address: str) -> bool:
    """Kill whatever reads the study, until the node gives it up."""
    for _ in range(KILLS):

        def reads() -> bool:
            state = node.panel.state(address)[0].lower()
            return state.startswith("failed") or (state.startswith("analys") and bool(node.readers()))

        if not waited(reads, 120):
            return False
        if node.panel.state(address)[0].lower().startswith("failed"):
            return True
        for one in node.readers():
            with contextlib.suppress(psutil.Error):
                one.kill()
        waited(lambda: not node.panel.state(address)[0].lower().startswith("analys"), 30)
    return node.panel.state(address)[0].lower().startswith("failed")


@case("D8", "kill -9 of the main process leaves orphans that go on receiving")
def main_process_killed(version: Version, inputs: Inputs) -> Seen:
    with running(version, "d8") as node:
        push(node, inputs, "d8")
        waited(lambda: bool(node.readers()), 60)
        family = node.family()
        if node.process is None or not family:
            raise Broken("the node has no processes")
        node.process.kill()
        node.process.wait()
        waited(lambda: not [one for one in family if _lives(one)], GONE_S)
        left = [one for one in family if _lives(one)]
        if left:
            return fault(f"{len(left)} of {len(family)} processes live on, the DICOM port {_answers(node.dicom_port)}")
    return _who_holds_the_port(version)


def _answers(port: int) -> str:
    with socket.socket() as probe:
        return "still answers" if probe.connect_ex(("127.0.0.1", port)) == 0 else "is closed"


def _who_holds_the_port(version: Version) -> Seen:
    """A second node on a port that is taken: it ends, and says by whom."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        node = Node(version, version.work / "d8-second", Archive(), {"receiver": {"port": holder.getsockname()[1]}})
        node.process = node.begin()
        try:
            status = node.process.wait(60)
        except subprocess.TimeoutExpired:
            return fault("a node whose port is taken goes on")
        finally:
            node.stop()
        said = node.said()
        if status == 0 or str(os.getpid()) not in said:
            return fault(f"all ended, but who holds a port that is taken is not said: {cut(said[-200:])}")
        return no_fault(f"every process ended within {GONE_S:g} s; {cut(said.strip().splitlines()[-1])}")
