import json
import subprocess

import pytest

from tests.cli.test_serve import BACKCAST

ACCOUNTS = "external_id,name,segment,country\n1,Alder Works,machinery,DE\n2,Birk Foods,food,AT\n"
BROKEN = f"{ACCOUNTS}3,,food,DE\n"


@pytest.fixture
def home(installation, backcast) -> str:
    return backcast("workspace", "create", "Home")[1]


@pytest.fixture
def file(tmp_path):
    def written(text: str, name: str = "accounts.csv") -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return written


@pytest.fixture
def service(home, backcast):
    """A running service and a key for it."""
    key = backcast("key", "create")[1]
    command = [*BACKCAST, "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        yield process.stderr.readline().split()[-1], key
        process.terminate()


def test_a_clean_file_is_counted_and_leaves_with_zero(home, backcast, file):
    arguments = ("import", file(ACCOUNTS), "--object", "accounts", "--source", "crm")
    code, out, err = backcast(*arguments)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == [
        "read",
        "created",
        "updated",
        "unchanged",
        "held",
        "rejected",
    ]
    assert out.splitlines()[1].split() == ["2", "2", "0", "0", "0", "0"]
    again = backcast(*arguments)[1]
    assert again.splitlines()[1].split() == ["2", "0", "0", "2", "0", "0"]


def test_rejected_rows_are_listed_kept_aside_and_leave_with_one(home, backcast, file, tmp_path):
    aside = tmp_path / "failed.csv"
    arguments = ("import", file(BROKEN), "--object", "accounts", "--failed", str(aside))
    code, out, _ = backcast(*arguments)
    assert code == 1
    assert out.splitlines()[1].split()[-1] == "1"
    assert "name" in out.splitlines()[-1]
    assert aside.read_text().splitlines()[1].startswith("3,,food,DE,4,")


def test_a_dry_run_keeps_nothing(home, backcast, file):
    arguments = ("import", file(ACCOUNTS), "--object", "accounts")
    assert "nothing of it was kept" in backcast(*arguments, "--dry-run")[1]
    assert backcast(*arguments)[1].splitlines()[1].split()[:2] == ["2", "2"]


def test_a_server_does_the_same_from_afar(service, backcast, file, tmp_path):
    address, key = service
    aside = tmp_path / "failed.csv"
    named = file(json.dumps({"columns": {"Id": "external_id", "Name": "name"}}), "mapping.json")
    rows = file("Id,Name\n1,Alder Works\n2,\n")
    sent = ("--object", "accounts", "--mapping", named, "--failed", str(aside))
    code, out, _ = backcast("import", rows, *sent, "--url", address, "--key", key)
    assert code == 1
    assert out.splitlines()[1].split() == ["2", "1", "0", "0", "0", "1"]
    assert aside.read_text().splitlines()[1].startswith("2,,3,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--object", "widgets"], "/object"),
        (["--object", "opportunities"], "process"),
        (["--object", "opportunities", "--process", "nope"], "nope"),
        (["--object", "accounts", "--url", "http://127.0.0.1:1"], "BACKCAST_KEY"),
    ],
)
def test_what_is_asked_wrongly_leaves_with_two(home, backcast, file, arguments, said):
    code, out, err = backcast("import", file(ACCOUNTS), *arguments)
    assert (code, out, err.count("\n")) == (2, "", 0)
    assert said in err


def test_a_mapping_that_is_none_leaves_with_two(backcast, file):
    rows, mapping = file(ACCOUNTS), file("[]", "mapping.json")
    assert backcast("import", rows, "--mapping", mapping)[0] == 2
    assert backcast("import", rows, "--mapping", file("{", "mapping.json"))[0] == 2
    assert backcast("import", "nowhere.csv")[0] == 2


def test_a_server_that_is_not_there_leaves_with_one(backcast, file, monkeypatch):
    monkeypatch.setenv("BACKCAST_KEY", "bc_none")
    rows = file(ACCOUNTS)
    code, out, err = backcast("import", rows, "--object", "accounts", "--url", "http://127.0.0.1:1")
    assert (code, out, err.count("\n")) == (1, "", 0)
    assert "does not answer" in err
