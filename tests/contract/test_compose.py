"""compose.yaml is one that can be read, and what it says of the service is so."""

import re
from pathlib import Path

import pytest
import yaml

from app.cli.commands import app
from app.core.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
OURS = {name: each for name, each in COMPOSE["services"].items() if "build" in each}
# Members of a service that the Compose Specification knows and that are used here.
KNOWN = {
    *("build", "cap_drop", "command", "configs", "depends_on", "entrypoint", "environment"),
    *("healthcheck", "image", "ports", "profiles", "read_only", "restart", "security_opt"),
    *("shm_size", "stop_grace_period", "tmpfs", "user", "volumes"),
}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_service_says_only_what_compose_understands(name):
    service = COMPOSE["services"][name]
    assert set(service) <= KNOWN
    for needed, how in service.get("depends_on", {}).items():
        assert needed in COMPOSE["services"]
        assert how["condition"] in CONDITIONS
        assert how["condition"] != "service_healthy" or "healthcheck" in COMPOSE["services"][needed]
    for volume in service.get("volumes", ()):
        assert volume.partition(":")[0] in COMPOSE["volumes"]
    for config in service.get("configs", ()):
        assert config["source"] in COMPOSE["configs"]


def test_there_are_servers_a_worker_and_a_migration_before_them():
    assert set(OURS) == {"migrate", "server", "worker"}
    for name in ("server", "worker"):
        waits = OURS[name]["depends_on"]
        assert waits == {"migrate": {"condition": "service_completed_successfully"}}


def test_every_setting_in_it_is_one():
    said = {name for each in OURS.values() for name in each["environment"]}
    assert {name.removeprefix("BACKCAST_").lower() for name in said} <= set(Settings.model_fields)


def test_the_settings_in_it_are_taken():
    for service in OURS.values():
        plain = {
            name.removeprefix("BACKCAST_").lower(): re.sub(r"\$\{\w+(:-)?\}", "", value)
            for name, value in service["environment"].items()
        }
        settings = Settings(_env_file=None, **plain)
        given = int(service["stop_grace_period"].removesuffix("s"))
        assert settings.drain_seconds + settings.shutdown_seconds < given


def test_every_command_in_it_is_one():
    known = {each.name or each.callback.__name__ for each in app.registered_commands}
    commands = {each["command"][0] for each in OURS.values() if "command" in each}
    assert commands <= known


def test_it_runs_with_no_rights_and_no_password_of_its_own():
    for service in OURS.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    assert not re.search(r"PASSWORD: [^$]", TEXT)
