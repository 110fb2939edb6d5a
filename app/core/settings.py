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


def _traceable(wanted: bool) -> bool:  # noqa: FBT001 - a validator
    """Said at the start as well. The API comes with FastAPI, the rest does not."""
    if wanted and find_spec("opentelemetry.sdk") is None:
        raise ValueError("needs the SDK of OpenTelemetry: pip install 'backcast[otel]'")
    return wanted


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BACKCAST_", env_file=".env", extra="ignore")

    database_url: SecretStr = Field(
        default=SecretStr(""), description="Any PostgreSQL ≥ 16. Empty: the embedded one."
    )
    owner_url: SecretStr = Field(
        default=SecretStr(""), description="Who may migrate. Empty: the same as database_url."
    )
    replica_url: SecretStr = Field(
        default=SecretStr(""), description="A server that follows it and may answer questions."
    )
    replica_lag_seconds: int = Field(
        default=5, ge=1, description="Further behind than that it is not asked."
    )
    app_role: str = Field(
        default="backcast_app",
        description="Role every connection of the service assumes. Empty: the login's own.",
    )
    data_dir: Path = Field(
        default=Path(".backcast"), description="Where the embedded PostgreSQL keeps its data."
    )
    pool_size: int = Field(default=10, ge=1, le=200)
    pool_timeout_seconds: int = Field(
        default=5, ge=1, description="How long a request waits for a connection."
    )
    connect_timeout_seconds: int = Field(
        default=5, ge=1, description="How long making a connection may take."
    )
    idle_transaction_seconds: int = Field(
        default=60,
        ge=1,
        description="After which PostgreSQL ends a transaction that does nothing; a worker's after"
        " five times as long.",
    )
    header_timeout_seconds: int = Field(
        default=10, ge=1, description="How long a client may take to say what it wants."
    )
    body_timeout_seconds: int = Field(
        default=20, ge=1, description="The same for a body; a large one gets more as it comes."
    )
    keep_alive_seconds: int = Field(
        default=75, ge=1, description="How long a connection without a request is kept."
    )
    drain_seconds: float = Field(
        default=1, ge=0, le=60, description="From not ready to not listening, after SIGTERM."
    )
    shutdown_seconds: int = Field(
        default=7, ge=1, description="What is under way has so long to end after that."
    )
    statement_timeout_seconds: int = Field(default=15, ge=1)
    lock_timeout_seconds: int = Field(default=2, ge=1)
    import_timeout_seconds: int = Field(default=3600, ge=1)
    import_chunk_rows: int = Field(
        default=10_000, ge=1, description="About how many rows of an import are written at once."
    )
    import_file_days: int = Field(
        default=90, ge=1, description="How long the file of an import is kept after its end."
    )
    import_undo_days: int = Field(
        default=730,
        ge=1,
        description="How long an import can be undone after its end.",
    )
    kept_deals: int = Field(
        default=250_000,
        ge=0,
        description="How many deals a process keeps in memory between questions about rates, leaks,"
        " stale deals, the pipeline and the forecast, in all workspaces together; 0 keeps none.",
    )
    worker: bool = Field(default=True, description="Whether `serve` does jobs beside answering.")
    rounds: bool = Field(
        default=True, description="Whether its worker looks for what recurs, such as daily rounds."
    )
    webhooks_to_loopback: bool = Field(
        default=False,
        description="Whether webhooks may go to http and to this machine: for development only.",
    )
    webhook_timeout_seconds: float = Field(
        default=15.0,
        gt=0,
        le=30,
        description="How long a receiver may take, from its name to its answer.",
    )
    streams_per_workspace: int = Field(
        default=50, ge=1, description="Streams of events that a workspace may have open here."
    )
    streams: int = Field(default=1000, ge=1, description="The same for all workspaces together.")
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
    log_format: Literal["json", "text"] = Field(
        default="json", description="`json`: every line an object. `text`: for people."
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="Who sends it may read `/metrics`. Empty: nobody may."
    )
    otel: Annotated[bool, AfterValidator(_traceable)] = Field(
        default=False, description="Whether traces are sent by OTLP, as the `OTEL_…` variables say."
    )

    @model_validator(mode="after")
    def _issuer_has_keys(self) -> Self:
        if self.oidc_issuer and not (self.oidc_jwks_url and self.oidc_audience):
            raise ValueError("an issuer needs BACKCAST_OIDC_JWKS_URL and BACKCAST_OIDC_AUDIENCE")
        return self
