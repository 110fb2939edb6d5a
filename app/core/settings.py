"""Every knob of the service, read once from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024


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
    log_level: str = "info"
