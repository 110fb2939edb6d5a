"""Tools from the npm registry, installed from a lock file where node is there."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

QUIET = {"REDOCLY_TELEMETRY": "off", "NO_COLOR": "1", "NO_UPDATE_NOTIFIER": "1"}

needs_node = pytest.mark.skipif(
    shutil.which("npm") is None, reason="node is not installed: the contract's npm tools do not run"
)


def installed(folder: Path) -> Path:
    """The folder with its tools in place; workers that run beside each other install once."""
    lock = folder / "package-lock.json"
    mark = folder / "node_modules" / ".package-lock.json"
    with (folder / ".npm-ci").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
            run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
            mark.touch()
    return folder


def run(*command: str, cwd: Path, **more: str) -> str:
    """What it prints; anything but success is an error that shows it."""
    done = subprocess.run(  # noqa: S603 - our own tools
        command, cwd=cwd, env=os.environ | QUIET | more, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout
