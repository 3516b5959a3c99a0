"""TLS as DICOM wants it (PS3.15 Annex B): the profiles of BCP 195, with a certificate of ours where there is one."""

import ssl

from config.codes import Code
from config.destinations import TlsSettings
from config.errors import SettingsError

_OF_2022 = "ECDHE+AESGCM:ECDHE+CHACHA20"  # RFC 9325 section 4.2
_OF_2015 = "ECDHE+AESGCM:DHE+AESGCM"  # RFC 7525 section 4.2


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """A context for connections that this node opens.

    Raises
    ------
    SettingsError
        A certificate or key cannot be read (code ``TLS_FILES``).

    References
    ----------
    PS3.15 sections B.12 and B.13 (BCP 195 RFC 8996, 9325 TLS Profile; Modified BCP 195). Python always refuses what
    RFC 8996 forbids where TLS 1.2 is the least.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            # Without a password a locked key would ask for one on the terminal, in the middle of the night.
            context.load_cert_chain(settings.certificate_file, settings.key_file, password="")
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise SettingsError(Code.TLS_FILES, f"A certificate or key for TLS cannot be used: {reason}.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_OF_2022 if settings.profile == "bcp195" else _OF_2015)
    context.check_hostname = settings.check_name
    return context
