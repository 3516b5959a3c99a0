"""The one exception tree.

::

    AxspaError
    ├── Final                      trying again cannot help; a person must act
    │   ├── SettingsError          the configuration is wrong
    │   ├── UnusableInput          the bytes are not DICOM that can be read
    │   ├── BundleError            a model bundle is missing, damaged or of another kind
    │   └── OutputRefused          the gate found a result that must not leave
    └── Retryable                  the same call may succeed later
        └── StorageUnavailable     disk or database full, locked or gone

Every error has a stable ``code`` (for tables, metrics and tests), which :mod:`config.codes` lists, and a sentence for
the person who must act, which ends with what was received. Neither ever holds patient data.
"""

from config.codes import Code


class AxspaError(Exception):
    """Base of every error this product raises on purpose.

    Parameters
    ----------
    code : Code
        For example ``Code.BUNDLE_CORRUPT``.
    sentence : str
        What happened and what to do, for a person; ends with what was received.
    """

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence

    def __reduce__(self) -> tuple[type["AxspaError"], tuple[Code, str]]:
        """Errors cross process borders, so both arguments must survive pickling."""
        return type(self), (self.code, self.sentence)


class Final(AxspaError):
    """Trying again cannot help."""


class Retryable(AxspaError):
    """The same call may succeed later."""


class SettingsError(Final):
    """The configuration is wrong."""


class UnusableInput(Final):
    """The input is not DICOM that can be read."""


class BundleError(Final):
    """A model bundle is missing, damaged or of another kind."""


class OutputRefused(Final):
    """The gate found a result that must not leave."""


class StorageUnavailable(Retryable):
    """Disk or database is full, locked or gone."""
