import json
import signal
import subprocess
import sys

import httpx2 as httpx

BACKCAST = [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main())"]


def test_it_serves_until_told_to_stop_and_logs_requests_as_json(installation):
    command = [*BACKCAST, "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        address = process.stderr.readline().split()[-1]
        assert httpx.get(f"{address}/readyz").json() == {"status": "ok"}
        process.send_signal(signal.SIGTERM)
        logged = process.stderr.read().splitlines()
        assert process.wait(10) == 0
    assert [json.loads(line)["status"] for line in logged] == [200]


def test_the_contract_needs_no_database(backcast, tmp_path):
    assert backcast("openapi", "--output", str(tmp_path / "openapi.json"))[0] == 0
    written = json.loads((tmp_path / "openapi.json").read_text())
    assert written["openapi"].startswith("3.1")
    assert json.loads(backcast("openapi")[1]) == written
