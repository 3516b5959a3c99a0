"""One frozen tree of settings, read once (TOML file, then environment) and passed down.

Each option can also be set by environment: ``AXSPA_`` and ``__`` between levels, for example
``AXSPA_RECEIVER__PORT=11113``. The environment wins over the file.
"""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from config.codes import Code
from config.destinations import TAGS, AeTitle, AnyDestination, Kinds, Port, Wish
from config.errors import SettingsError
from config.settings_keeping import AlarmSettings, MetricsSettings, RetentionSettings

_SECRET = ("token", "password", "salt", "url", "key", "webhook")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReceiverSettings(_Section):
    """The DICOM listener (C-ECHO, C-STORE)."""

    ae_title: AeTitle = "AXSPA"
    host: str = "0.0.0.0"
    port: Port = 11112
    require_called_ae: bool = Field(False, description="Reject an association that calls another AE title than ours.")
    allowed_callers: tuple[AeTitle, ...] = Field((), description="Calling AE titles that may send; empty: all.")
    max_associations: int = Field(50, ge=1)
    max_per_caller: int = Field(0, ge=0, description="Associations of one calling AE title; 0: no limit of its own.")
    max_per_address: int = Field(0, ge=0, description="Associations from one address; 0: no limit of its own.")
    give_way_s: float = Field(
        5.0, ge=0, description="After so long without work an association gives way to a new one."
    )
    processes: int = Field(1, ge=1, le=64, description="Processes that receive on the port together.")
    idle_timeout_s: float = Field(60.0, gt=0)
    min_free_mb: int = Field(500, ge=0, description="Below this free disk space images are refused with 0xA700.")
    storage_commitment: bool = Field(True, description="Answer peers that ask whether their images are safe here.")
    quarantine_mb: int = Field(1000, ge=0, description="Refused images are kept up to this size of all of them.")


class CompletionSettings(_Section):
    """When a study is complete."""

    quiet_s: float = Field(60.0, ge=0, description="Seconds without a new image before a study is taken as complete.")
    gap_wait_s: float = Field(
        900.0, ge=0, description="Seconds that a complete study with evidence of missing images waits for them."
    )


class AnalysisSettings(_Section):
    """Where and how analyses run."""

    bundle: str = Field("sij-1", description="Name of the model bundle.")
    bundle_roots: tuple[Path, ...] = Field((), description="Folders searched before the shipped bundles.")
    bundle_memory_mb: int = Field(
        1000, ge=1, description="MiB of loaded bundles in one process; the longest unused go beyond it."
    )
    workers: int = Field(1, ge=1, description="Analyses at the same time, each in a process of its own.")
    threads: int = Field(0, ge=0, description="Threads of one analysis; 0: all cores.")
    timeout_s: float = Field(900.0, gt=0)
    max_attempts: int = Field(3, ge=1)


SERIES_STEP = 20
"""Series numbers that are kept for one deployment."""


class DeploymentSettings(_Section):
    """An application that runs with a bundle, for a purpose."""

    application: str = Field("sij_mri", min_length=1, max_length=64)
    bundle: str = Field("", max_length=64, description="Name of its bundle; empty for one that needs no models.")
    purpose: Literal["primary", "shadow", "trial"] = Field(
        "primary", description="primary: its results are sent; shadow: only shown; trial: not for what a PACS pushes."
    )
    series_base: int | None = Field(
        None, ge=1, le=99_980, description="First of the 20 numbers of its series; without it the next free ones."
    )


class DeliverySettings(_Section):
    """How results are sent and retried."""

    first_pause_s: float = Field(15.0, gt=0)
    max_pause_s: float = Field(21600.0, gt=0, description="Pauses double up to this, each up to a fifth shorter.")
    give_up_after_h: float = Field(336.0, gt=0, description="Then a person must act; nothing is thrown away.")
    class_refused_h: float = Field(168.0, gt=0, description="How long a class that was refused is not offered again.")
    timeout_s: float = Field(30.0, gt=0, description="Connection, association and message time-out.")


class PanelSettings(_Section):
    """The web panel."""

    host: str = "127.0.0.1"
    port: Port = 8080
    session_h: float = Field(8.0, gt=0)
    secure_cookie: bool = Field(False, description="Set the Secure flag on the session cookie (behind HTTPS).")


Colormap = Literal["plasma", "inferno", "viridis", "cividis", "turbo", "jet"]
"""Colors of heat maps; of the last two the lightness does not rise evenly."""


class ReportSettings(_Section):
    """How results speak, and the colors of their pictures."""

    language: str = Field("en", max_length=35, description="Language of their words, as de; codes stay English.")
    colormap: Colormap = Field("plasma", description="Colors of heat maps.")


class DatabaseSettings(_Section):
    """Where state lives."""

    url: str = Field("", description="SQLAlchemy URL; empty: SQLite in data_dir.")


class LoggingSettings(_Section):
    """What is logged; never patient data."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = "text"


class Settings(BaseSettings):
    """All settings of a node. Build with :func:`load_settings`."""

    model_config = SettingsConfigDict(env_prefix="AXSPA_", env_nested_delimiter="__", frozen=True, extra="forbid")

    data_dir: Path = Path("axspa-data")
    site_salt: str = Field(
        "", description="Secret from which tracking UIDs are derived; empty: one that the node made."
    )
    receiver: ReceiverSettings = ReceiverSettings()
    completion: CompletionSettings = CompletionSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    deployments: tuple[DeploymentSettings, ...] = Field(
        (), description="What shall run on studies; without any the bundle of analysis, as the primary one."
    )
    destinations: tuple[AnyDestination, ...] = ()
    report: ReportSettings = ReportSettings()
    delivery: DeliverySettings = DeliverySettings()
    panel: PanelSettings = PanelSettings()
    database: DatabaseSettings = DatabaseSettings()
    logging: LoggingSettings = LoggingSettings()
    metrics: MetricsSettings = MetricsSettings()
    retention: RetentionSettings = RetentionSettings()
    alarms: AlarmSettings = AlarmSettings()
    _source: Path | None = PrivateAttr(None)

    @property
    def source(self) -> Path | None:
        """The file they were read from, as it was given; None without one."""
        return self._source

    @field_validator("destinations")
    @classmethod
    def _each_has_a_name_of_its_own(cls, destinations: tuple[AnyDestination, ...]) -> tuple[AnyDestination, ...]:
        """What is to be delivered is kept by the destination's name; AE titles may repeat."""
        counts = Counter(destination.name for destination in destinations)
        twice = ", ".join(repr(name) for name, count in counts.items() if count > 1)
        if twice:
            raise ValueError(f"each destination needs a name of its own, and more than one is named {twice}")
        return destinations

    @property
    def wanted_kinds(self) -> dict[str, Kinds]:
        """From the name of each destination to the kinds of objects that it wants."""
        return {destination.name: destination.kinds for destination in self.destinations}

    @property
    def wishes(self) -> dict[str, Wish]:
        """From the name of each destination to the objects and results that it wants."""
        return {one.name: Wish(one.kinds, one.not_analysed) for one in self.destinations}

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database in use."""
        return self.database.url or f"sqlite:///{(self.data_dir / 'axspa.sqlite').resolve()}"

    @property
    def wanted_deployments(self) -> tuple[DeploymentSettings, ...]:
        """The deployments that these settings name; they make the first ones, then the database rules."""
        return self.deployments or (DeploymentSettings(bundle=self.analysis.bundle),)

    @field_validator("deployments")
    @classmethod
    def _check_deployments(cls, value: tuple[DeploymentSettings, ...]) -> tuple[DeploymentSettings, ...]:
        keys = [(one.application, one.bundle) for one in value]
        twice = sorted({" with ".join(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"each application runs once with each bundle, received twice: {', '.join(twice)}")
        bases = sorted(one.series_base for one in value if one.series_base is not None)
        if any(later - earlier < SERIES_STEP for earlier, later in pairwise(bases)):
            raise ValueError(f"series_base values lie at least {SERIES_STEP} apart, received {bases}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file (given as keyword arguments)."""
        return env_settings, init_settings


def load_settings(path: Path | None = None) -> Settings:
    """Read settings from a TOML file and the environment.

    Parameters
    ----------
    path : Path, optional
        TOML file; without it only the environment and the defaults count.

    Raises
    ------
    SettingsError
        The file is missing, is not TOML, or an option is unknown or out of range; every wrong option is named.
    """
    try:
        values = TomlConfigSettingsSource(Settings, path)() if path is not None else {}
        if path is not None and not path.is_file():
            raise SettingsError(Code.SETTINGS_MISSING, f"There is no settings file at {path}.")
        settings = Settings(**values)
        settings._source = path
        return settings
    except ValidationError as error:
        problems = "; ".join(_problem(item["loc"], item["type"], item["msg"], item["input"]) for item in error.errors())
        place = path or "the environment"
        raise SettingsError(Code.SETTINGS_INVALID, f"Correct these settings in {place}: {problems}") from None
    except (OSError, ValueError) as error:
        raise SettingsError(Code.SETTINGS_UNREADABLE, f"The settings file {path} cannot be read: {error}") from None


def _problem(place: tuple[int | str, ...], kind: str, message: str, value: object) -> str:
    """What is wrong with an option, by the name that a person wrote.

    What was received is said where that cannot be a secret: a misspelt option may be one, a whole section holds some.
    """
    parts = [str(part) for part in place]
    if parts[:1] == ["destinations"] and parts[2:3] and parts[2] in TAGS:
        del parts[2]
    option = ".".join(parts) or "settings"
    values = value if isinstance(value, list | tuple) else [value]
    hidden = kind in ("extra_forbidden", "missing") or any(word in option for word in _SECRET)
    plain = all(isinstance(one, str | int | float) for one in values) and "://" not in str(value)
    return f"{option}: {message}, received {value!r}" if plain and not hidden else f"{option}: {message}"
