"""Settings of destinations: who gets results, by DICOM's own protocol or by DICOMweb, and on what terms."""

import hashlib
import os
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic import SecretStr as Secret

from config.codes import Code
from config.errors import SettingsError

Port = Annotated[int, Field(ge=0, le=65535)]


def _check_ae_title(value: str) -> str:
    """PS3.5 section 6.2, VR AE: 1 to 16 printable ASCII characters, no backslash, not only spaces."""
    title = value.strip(" ")
    if not 1 <= len(title) <= 16 or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ValueError(f"an AE title has 1 to 16 printable ASCII characters and no backslash, received {value!r}")
    return title


AeTitle = Annotated[str, AfterValidator(_check_ae_title)]


def _check_kinds(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Whether the names are those of kinds, is known where deployments are: it is checked at the start."""
    names = () if isinstance(value, str) else value
    if len(set(names)) != len(names):
        raise ValueError(f"each kind is named once, received {list(names)!r}")
    return value


def _check_shape(value: object) -> object:
    """One sentence where pydantic would say one for each member of the union."""
    if (isinstance(value, str) and value not in ("default", "all")) or value in ([], ()):
        raise ValueError('kinds are "default", "all", or a list such as ["default", "pdf"]')
    return value


KindName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Kinds = Annotated[
    Literal["default", "all"] | Annotated[tuple[KindName, ...], Field(min_length=1)],
    BeforeValidator(_check_shape),
    AfterValidator(_check_kinds),
]
"""Which kinds of result objects are wanted: the default set, all that there are, or a list of kinds and these words."""

NotAnalysed = Literal["never", "plausible", "always"]
"""Which studies that were not analysed get the report that says why: none, those that might be ones to read, all."""

Proof = Literal["auto", "commitment", "query", "none"]
"""How a destination shows that it keeps what it was sent."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which objects of which results a destination wants."""

    kinds: Kinds = "default"
    not_analysed: NotAnalysed = "always"

    def takes(self, *, analysed: bool, plausible: bool) -> bool:
        """Whether it wants anything of a result."""
        return analysed or self.not_analysed == "always" or (plausible and self.not_analysed == "plausible")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TlsSettings(_Section):
    """TLS to a peer."""

    ca_file: Path | None = Field(None, description="Certificates that are trusted; without it those of the system.")
    certificate_file: Path | None = Field(None, description="Our certificate, where the peer asks for one.")
    key_file: Path | None = Field(None, description="Its private key.")
    check_name: bool = Field(True, description="The peer's certificate must name the host.")
    profile: Literal["bcp195", "bcp195-2015"] = Field(
        "bcp195", description="bcp195: TLS 1.2 and 1.3 with forward secrecy (RFC 9325); bcp195-2015: RFC 7525."
    )

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> "TlsSettings":
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together, received one of them")
        return self


class DestinationSettings(_Section):
    """What all destinations have."""

    name: str = Field(min_length=1, max_length=64)
    kinds: Kinds = Field("default", description='Objects that it gets: "default", "all", or a list of their kinds.')
    open: bool = Field(False, description="Send from the first start on; without it an administrator opens it.")
    proof: Proof = Field("auto", description="How it shows that it keeps what it was sent.")
    not_analysed: NotAnalysed = Field("plausible", description="Reports of studies that were not analysed.")
    honors_rejection: bool = Field(False, description="It hides what a rejection note (IHE IOCM) names.")
    tls: TlsSettings | None = Field(None, description="TLS; {} for that of the system.")

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it is, for a person; nothing secret is in it."""

    @property
    def address_hash(self) -> str:
        """Another one: what was known of the destination no longer holds."""
        return hashlib.sha256(self.address.encode()).hexdigest()


class DicomDestination(DestinationSettings):
    """A peer that gets results by C-STORE."""

    ae_title: AeTitle
    host: str
    port: Port

    @property
    def address(self) -> str:
        """Where it is, for a person."""
        return f"{self.ae_title} at {self.host}:{self.port}"


class WebDestination(DestinationSettings):
    """A peer that gets results by STOW-RS; ``url`` is the root of its DICOMweb services."""

    url: str
    token: Secret | None = Field(None, description="Bearer token.")
    token_file: Path | None = Field(None, description="File that holds it, read anew for each turn.")
    user: str = Field("", description="For basic authentication.")
    password: Secret | None = None
    password_file: Path | None = Field(None, description="File that holds it.")

    @model_validator(mode="after")
    def _one_way_in(self) -> "WebDestination":
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url is the root of DICOMweb services, as https://pacs.example/dicom-web")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("url holds no user, password or query; user and password_file say who we are")
        if self.tls is not None and parts.scheme != "https":
            raise ValueError("tls needs a url that begins with https://")
        ways = [self.token, self.token_file, self.password, self.password_file]
        if sum(way is not None for way in ways) > 1:
            raise ValueError("name one of token, token_file, password and password_file, received several")
        if bool(self.user) != (self.password is not None or self.password_file is not None):
            raise ValueError("user and password (or password_file) belong together, received one of them")
        return self

    @property
    def address(self) -> str:
        """Where it is, for a person; nothing secret is in it."""
        return self.url

    def secret(self) -> str:
        """The token or password; empty without one.

        Raises
        ------
        SettingsError
            Its file cannot be read.
        """
        for given in (self.token, self.password):
            if given is not None:
                return given.get_secret_value()
        file = self.token_file or self.password_file
        if file is None:
            return ""
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not text"
            raise SettingsError(Code.SECRET_UNREADABLE, f"The secret in {file} cannot be read: {reason}.") from None


TAGS = ("dicom", "web")
"""What pydantic puts between the place of a destination and its option, and nobody wrote."""


def _tag(value: Any) -> str:
    if isinstance(value, dict):
        return "web" if "url" in value else "dicom"
    return "web" if isinstance(value, WebDestination) else "dicom"


AnyDestination: TypeAlias = Annotated[
    Annotated[DicomDestination, Tag("dicom")] | Annotated[WebDestination, Tag("web")], Discriminator(_tag)
]
"""A destination with an ``url`` is one of DICOMweb."""
