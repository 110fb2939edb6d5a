import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import pytest

from app.core.database import driven
from tests import databases
from tests.conftest import SERVER

BACKCAST = Path(sys.executable).with_name("backcast")
SAID = re.compile(r"answers at (?P<address>\S+?),.*?export KEY=(?P<key>\S+)", re.DOTALL)


@dataclass(frozen=True)
class Demo:
    """A demo that is running: what somebody who follows the documents has in the environment."""

    address: str
    key: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    given = driven(os.environ[SERVER])
    name = f"backcast_docs_{uuid4().hex}"
    asyncio.run(databases.make(given, name))
    url = given.set(database=name).render_as_string(hide_password=False)
    own = os.environ | {"BACKCAST_DATABASE_URL": url}
    subprocess.run([BACKCAST, "migrate"], env=own, check=True)  # noqa: S603 - ours
    command = [BACKCAST, "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own) as process:  # noqa: S603 - ours
        try:
            yield _visited(process, own)
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode == 0
    asyncio.run(databases.drop(given, name))


def _visited(process: subprocess.Popen[str], environment: dict[str, str]) -> Demo:
    """The demo as it describes itself, once it answers."""
    told = ""
    while (said := SAID.search(told)) is None:
        line = process.stdout.readline()
        assert line, f"the demo ended: {told}"
        told += line
    deadline = time.monotonic() + 60
    with httpx.Client(transport=httpx.HTTPTransport(retries=6), timeout=60) as client:
        while client.get(f"{said['address']}/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    shell = {"BACKCAST": said["address"], "KEY": said["key"]}
    path = f"{BACKCAST.parent}{os.pathsep}{environment['PATH']}"
    return Demo(said["address"], said["key"], environment | shell | {"PATH": path})
