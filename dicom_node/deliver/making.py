"""From the settings of a destination to what sends to it."""

from collections.abc import Callable, Mapping
from typing import Any

from config.destinations import DestinationSettings, DicomDestination, WebDestination
from config.settings import Settings
from dicom_node.deliver.cstore import CStore
from dicom_node.deliver.destination import Destination
from dicom_node.deliver.stow import Stow


def make_destination(destination: DestinationSettings, settings: Settings) -> Destination:
    """Make what speaks to a destination in its own way."""
    return _MAKERS[type(destination)](destination, settings)


def _cstore(destination: DicomDestination, settings: Settings) -> Destination:
    return CStore(destination, our_ae_title=settings.receiver.ae_title, timeout_s=settings.delivery.timeout_s)


def _stow(destination: WebDestination, settings: Settings) -> Destination:
    return Stow(destination, timeout_s=settings.delivery.timeout_s)


_MAKERS: Mapping[type[DestinationSettings], Callable[[Any, Settings], Destination]] = {
    DicomDestination: _cstore,
    WebDestination: _stow,
}
