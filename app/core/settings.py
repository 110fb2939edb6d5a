"""Every knob of the service, read once from the environment."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
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
    import_chunk_rows: int = Field(
        default=10_000, ge=1, description="About how many rows of an import are written at once."
    )
    worker: bool = Field(default=True, description="Whether `serve` does jobs beside answering.")
    rounds: bool = Field(
        default=True, description="Whether its worker looks for what recurs, such as daily rounds."
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
    log_level: str = "info"
