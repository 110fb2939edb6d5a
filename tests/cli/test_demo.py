import signal
import subprocess

import pytest

from tests.cli.test_serve import BACKCAST


@pytest.mark.long
def test_the_demo_shows_its_lights_and_then_serves_what_it_showed(installation):
    command = [*BACKCAST, "demo", "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:  # noqa: S603 - ours
        said = iter(process.stderr.readline, "")
        address = next(line.split()[-1] for line in said if "answers at" in line)
        process.send_signal(signal.SIGTERM)
        shown, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f"{address}/v1/lights?process=sales" in shown
    assert shown.count("● ") > 50
