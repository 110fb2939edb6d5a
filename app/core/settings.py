"""Every knob of the service, read once from the environment."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024


def _reachable(address: SecretStr) -> SecretStr:
    """Said at the start, not with the first request."""
    said = address.get_secret_value()
    if said and not said.startswith(("redis://", "rediss://", "redis+unix://")):
        raise ValueError("must be an address such as redis://host:6379/0")
    if said and find_spec("redis") is None:
        raise ValueError("needs the client of Redis: pip install 'backcast[redis]'")
    return address


def _encrypted(address: str) -> str:
    """Whoever can change the keys on their way can make tokens; on this machine there is no way."""
    near = ("http://localhost:", "http://127.0.0.1:", "http://[::1]:")
    if address and not address.startswith(("https://", *near)):
        raise ValueError("must begin with https://")
    return address


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BACKCAST_", env_file=".env", extra="ignore")

    database_url: SecretStr = Field(
        default=SecretStr(""), description="Any PostgreSQL ≥ 16. Empty: the embedded one."
    )
    owner_url: SecretStr = Field(
        default=SecretStr(""), description="Who may migrate. Empty: the same as database_url."
    )
    app_role: str = Field(
        default="backcast_app",
        description="Role every connection of the service assumes. Empty: the login's own.",
    )
    data_dir: Path = Field(
        default=Path(".backcast"), description="Where the embedded PostgreSQL keeps its data."
    )
    pool_size: int = Field(default=10, ge=1, le=200)
    statement_timeout_seconds: int = Field(default=15, ge=1)
    lock_timeout_seconds: int = Field(default=2, ge=1)
    import_timeout_seconds: int = Field(default=3600, ge=1)
    rounds: bool = Field(
        default=True, description="Whether this server does the daily rounds of the workspaces."
    )
    body_limit: int = Field(default=MEBIBYTE, ge=1024, description="Bytes of a JSON body.")
    upload_limit: int = Field(default=1024 * MEBIBYTE, ge=1024, description="Bytes of an import.")
    limit_seconds: int = Field(default=60, ge=1, description="The window of the limits below.")
    limit_default: int = Field(default=600, ge=1, description="Requests of one key per window.")
    limit_search: int = Field(default=600, ge=1, description="The same for lists.")
    limit_forecast: int = Field(
        default=1200, ge=1, description="The same for computed answers; some cost more than one."
    )
    limit_imports: int = Field(default=120, ge=1, description="The same for changes of imports.")
    limit_failed_keys: int = Field(
        default=60, ge=1, description="Unknown keys from one address per window."
    )
    redis_url: Annotated[SecretStr, AfterValidator(_reachable)] = Field(
        default=SecretStr(""),
        description="Where several servers count together. Empty: each alone.",
    )
    oidc_issuer: str = Field(
        default="",
        description="Whose tokens are taken beside keys, as `iss` names it. Empty: none.",
    )
    oidc_audience: str = Field(default="backcast", description="What `aud` of a token must name.")
    oidc_jwks_url: Annotated[str, AfterValidator(_encrypted)] = Field(
        default="", description="Where the issuer's public keys stand."
    )
    oidc_workspace: UUID | Literal[""] = Field(
        default="", description="The workspace of all tokens. Empty: a claim names it."
    )
    oidc_workspace_claim: str = "backcast_workspace"
    oidc_role_claim: str = "backcast_role"
    oidc_email_claim: str = "email"
    log_level: str = "info"

    @model_validator(mode="after")
    def _issuer_has_keys(self) -> Self:
        if self.oidc_issuer and not (self.oidc_jwks_url and self.oidc_audience):
            raise ValueError("an issuer needs BACKCAST_OIDC_JWKS_URL and BACKCAST_OIDC_AUDIENCE")
        return self
