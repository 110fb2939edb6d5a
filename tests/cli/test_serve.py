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
        assert httpx.get(f"{address}/readyz", timeout=60).json() == {"status": "ok"}
        process.send_signal(signal.SIGTERM)
        logged = process.stderr.read().splitlines()
        assert process.wait(60) == 0
    assert [json.loads(line)["status"] for line in logged] == [200]


def test_a_stream_does_not_keep_it_from_stopping(installation, backcast):
    backcast("workspace", "create", "Home")
    key = backcast("key", "create")[1]
    command = [*BACKCAST, "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        address = process.stderr.readline().split()[-1]
        asked = {"headers": {"Authorization": f"Bearer {key}"}, "timeout": 60}
        with httpx.stream("GET", f"{address}/v1/stream", **asked) as heard:
            pieces = heard.iter_raw()
            assert next(pieces) == b"retry: 3000\n\n"
            process.send_signal(signal.SIGTERM)
            assert list(pieces) == []  # it ends, and ends well
        process.stderr.read()
        assert process.wait(60) == 0


def test_the_contract_needs_no_database(backcast, tmp_path):
    assert backcast("openapi", "--output", str(tmp_path / "openapi.json"))[0] == 0
    written = json.loads((tmp_path / "openapi.json").read_text())
    assert written["openapi"].startswith("3.1")
    assert json.loads(backcast("openapi")[1]) == written
