"""What deployments are for: an application whose results must not be sent never runs as the primary one."""

from collections.abc import Iterable

from config.codes import Code
from config.errors import BundleError, SettingsError
from inference.application import purposes_of


def check_purposes(deployments: Iterable[tuple[str, str]]) -> None:
    """See that each application may run for the purpose that it is deployed for.

    Parameters
    ----------
    deployments : iterable of (str, str)
        Application and purpose. One that is not installed is passed over: its runs say so.

    Raises
    ------
    SettingsError
        One may not (code ``PURPOSE_REFUSED``).
    """
    for application, purpose in deployments:
        try:
            allowed = purposes_of(application)
        except BundleError:
            continue
        if purpose not in allowed:
            raise SettingsError(
                Code.PURPOSE_REFUSED,
                f"What {application} says must not be sent to anybody; give its deployment the purpose "
                f"{' or '.join(allowed)}. Received {purpose!r}.",
            )
