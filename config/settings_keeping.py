"""Settings of what is kept for how long, who may read the metrics, and who is told when something is wrong."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, field_validator, model_validator

from config.destinations import Port


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MetricsSettings(_Section):
    """Figures for Prometheus, at /metrics of the panel."""

    readers: tuple[IPvAnyNetwork, ...] = Field(
        ("127.0.0.1/32", "::1/128"), description="Addresses that may read them; empty: nobody.", validate_default=True
    )
    token: SecretStr = Field(SecretStr(""), description="Bearer token that a reader needs as well; empty: none.")


class RetentionSettings(_Section):
    """What is deleted, and after how many days; 0: never. Nothing goes of a study that is not delivered and proved."""

    study_days: float = Field(0.0, ge=0, description="Studies with all that belongs to them, after they were settled.")
    source_days: float = Field(0.0, ge=0, description="Received images; the study and its results stay.")
    picture_days: float = Field(0.0, ge=0, description="Pictures of results in the panel.")
    quarantine_days: float = Field(0.0, ge=0, description="Refused images in quarantine.")
    association_days: float = Field(0.0, ge=0, description="Associations and refusals in the lists of the panel.")
    free_mb: float = Field(0.0, ge=0, description="Below this free space the oldest studies go; 0: never.")
    sent_nowhere: bool = Field(False, description="Also studies with a result that no destination was to get.")


class AlarmSettings(_Section):
    """Who is told, once, that something is wrong, and when it is over."""

    waiting_s: float = Field(3600.0, ge=0, description="A study has waited for longer; 0: no alarm of that.")
    free_mb: float = Field(1000.0, ge=0, description="Less disk space is free; 0: no alarm of that.")
    after_s: float = Field(120.0, ge=0, description="How long something else must be wrong before it is told.")
    webhook: SecretStr = Field(SecretStr(""), description="URL that gets a JSON object by POST; empty: none.")
    smtp_host: str = Field("", description="Mail server; empty: no mail.")
    smtp_port: Port = 587
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the server is spoken to.")
    smtp_user: str = Field("", description="Empty: no log-in.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Of smtp_user.")
    mail_from: str = Field("", description="Sender of mails.")
    mail_to: tuple[str, ...] = Field((), description="Who gets them.")

    @field_validator("webhook")
    @classmethod
    def _webhook_is_a_url(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value.get_secret_value() and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("webhook is a URL that begins with https:// or http://")
        return value

    @model_validator(mode="after")
    def _mail_is_whole(self) -> "AlarmSettings":
        if self.smtp_host and not (self.mail_from and self.mail_to):
            raise ValueError("smtp_host needs mail_from and mail_to")
        if self.smtp_user and self.smtp_security == "none":
            raise ValueError("a password is not sent without TLS: smtp_security starttls or tls, or no smtp_user")
        return self
