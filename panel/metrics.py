"""Figures for Prometheus, made when they are asked for; no label and no value is of a patient.

Several processes make a node, and some of them are short-lived, so nothing is counted in any of them: everything is
read from the database, its signs of life and the disk. A scrape costs a few queries, and is answered anew at most
every few seconds.
"""

import hmac
import ipaddress
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector
from starlette.datastructures import Address

from config.errors import StorageUnavailable
from config.settings import Settings
from config.settings_keeping import MetricsSettings
from panel import health
from storage import figures, heartbeats
from storage.session import Database
from storage.states import StudyState, utc_now

__all__ = ["CONTENT_TYPE", "may_read", "page"]

KEPT_S = 5.0

_guard = threading.Lock()
_pages: dict[str, "_Page"] = {}


@dataclass(frozen=True, slots=True)
class _Page:
    made_at: float
    text: bytes


def may_read(settings: MetricsSettings, client: Address | None, authorization: str) -> bool:
    """Whether a client is one of the readers that the settings name, and has the token where they have one."""
    token = settings.token.get_secret_value()
    if token and not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        return False
    try:
        address = ipaddress.ip_address(client.host if client is not None else "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in settings.readers)


def page(settings: Settings, database: Database) -> bytes:
    """All figures in the text format of Prometheus; not older than a few seconds."""
    with _guard:
        known = _pages.get(database.place)
        if known is None or time.monotonic() - known.made_at > KEPT_S:
            registry = CollectorRegistry()
            registry.register(_Node(settings, database))
            known = _pages[database.place] = _Page(time.monotonic(), generate_latest(registry))
        return known.text


class _Node(Collector):
    """What the database and the disk say of a node."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Nothing: else a registry would read everything once more."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families; those of a database that does not answer are missing, and its check says so."""
        checks = health.check(self._settings, self._database)
        yield _gauge("axspa_check_well", "1 where a check of /health is well", ["check"], _wells(checks))
        yield from self._disk()
        try:
            yield from _of(figures.read(self._database))
            yield from self._processes()
        except StorageUnavailable:
            return

    def _disk(self) -> Iterator[Metric]:
        try:
            usage = shutil.disk_usage(self._settings.data_dir)
        except OSError:
            return
        sizes = {("free",): float(usage.free), ("used",): float(usage.used)}
        yield _gauge("axspa_disk_bytes", "Space of the disk of the data folder", ["kind"], sizes)

    def _processes(self) -> Iterator[Metric]:
        beats, now = heartbeats.all_beats(self._database), utc_now()
        ages = {(beat.name,): (now - beat.at).total_seconds() for beat in beats}
        memory = {(beat.name,): beat.rss_mb * 1e6 for beat in beats}
        yield _gauge("axspa_heartbeat_age_seconds", "Since the last sign of life of a process", ["process"], ages)
        yield _gauge("axspa_process_memory_bytes", "Memory of a process at that time", ["process"], memory)
        detail = next((beat.detail for beat in beats if beat.name == "coordinator"), {})
        counts = {
            (state,): float(detail[key])
            for state, key in (("wanted", "workers"), ("alive", "workers_alive"), ("busy", "running"))
            if key in detail
        }
        yield _gauge("axspa_workers", "Processes that analyse", ["state"], counts)


def _of(read: figures.Figures) -> Iterator[Metric]:
    states = {(state.value,): float(read.states.get(state, 0)) for state in StudyState}
    yield _gauge("axspa_studies", "Studies in each state", ["state"], states)
    waits = {(state.value,): read.waiting_s.get(state, 0.0) for state in StudyState if state.on_its_way}
    help_text = "Since the last image of the study that is longest in a state"
    yield _gauge("axspa_oldest_in_state_seconds", help_text, ["state"], waits)
    oldest = {(): max(read.waiting_s.values(), default=0.0)}
    yield _gauge("axspa_oldest_waiting_seconds", "The largest of them", [], oldest)
    outcomes = {(outcome,): count for outcome, count in read.associations.items()}
    yield _counter("axspa_associations", "Connections to the receiver", ["outcome"], outcomes)
    images = {(kind,): read.received[kind] for kind in ("stored", "duplicates", "refused")}
    yield _counter("axspa_images", "Images that were sent to this node", ["outcome"], images)
    yield _counter("axspa_received_bytes", "Bytes of them", [], {(): read.received["received_bytes"]})
    ledger = {(name, state.value): float(count) for (name, state), count in read.deliveries.items()}
    yield _gauge("axspa_deliveries", "Objects in the ledger of a destination", ["destination", "state"], ledger)
    opened = {(name,): float(is_open) for name, (is_open, _) in read.destinations.items()}
    yield _gauge("axspa_destination_open", "1 where a destination may be sent to", ["destination"], opened)
    failures = {(name,): float(count) for name, (_, count) in read.destinations.items()}
    yield _gauge("axspa_destination_failures", "Vain attempts in a row to reach it", ["destination"], failures)
    steps = {(step,): seconds for step, seconds in read.steps_s.items()}
    yield _gauge("axspa_step_seconds", "Mean of a step, of the results of the last hour", ["step"], steps)


def _wells(checks: Iterable[health.Check]) -> dict[tuple[str, ...], float]:
    return {(one.name,): float(one.well) for one in checks}


def _gauge(name: str, text: str, labels: list[str], values: Mapping[Any, float]) -> Metric:
    return _filled(GaugeMetricFamily(name, text, labels=labels), values)


def _counter(name: str, text: str, labels: list[str], values: Mapping[Any, float]) -> Metric:
    return _filled(CounterMetricFamily(name, text, labels=labels), values)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[Any, float]
) -> GaugeMetricFamily | CounterMetricFamily:
    for labels, value in values.items():
        family.add_metric(list(labels), value)
    return family
