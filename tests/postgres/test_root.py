"""Root's rights are dropped, and nobody's directories are opened for it."""

import os
import re
import shutil
from pathlib import Path

import pytest

from app.core.postgres import EmbeddedUnavailable, binaries, running
from app.core.postgres import ground as grounds
from app.core.postgres.account import Account
from tests.postgres.conftest import QUICK, postmaster, root_only, sql

NOBODY = Account("nobody", 65534, 65534)


@pytest.fixture
def shelter(plot, monkeypatch) -> Path:
    """A shelter of the test's own, so that none is made in the system's directories."""
    monkeypatch.setattr(grounds, "SHELTERS", (plot / "shelter",))
    return plot / "shelter"


@pytest.fixture
def closed(plot) -> Path:
    """A directory which only its owner may enter, as a home is."""
    place = plot / "closed"
    place.mkdir(mode=0o700)
    return place


def modes(path):
    return {p: (p.stat().st_mode, p.stat().st_uid, p.stat().st_gid) for p in path.parents}


def test_a_data_directory_below_a_closed_one_serves_and_leaves_all_modes_alone(closed, shelter):
    (closed / "clone").mkdir()
    before = modes(closed / "clone" / "data")

    with running(closed / "clone" / "data", options=QUICK) as server:
        assert sql(server, "SELECT 1") == "1"

    assert modes(closed / "clone" / "data") == before


@root_only
def test_the_server_runs_without_roots_rights(home):
    with running(home, options=QUICK) as server:
        process = Path("/proc") / str(postmaster(home))
        groups = re.search(r"^Groups:(.*)$", (process / "status").read_text(), re.MULTILINE)

        assert process.stat().st_uid == server.socket_dir.stat().st_uid != 0
        assert groups is not None
        assert groups[1].strip() == ""


@root_only
def test_a_closed_directory_keeps_its_place_in_the_shelter_until_it_is_deleted(closed, shelter):
    first = grounds.home(closed / "data", NOBODY, print)
    again = grounds.home(closed / "data", NOBODY, print)

    shutil.rmtree(closed / "data")

    assert again == first
    assert first.parent == shelter
    assert grounds.home(closed / "data", NOBODY, print) != first


@root_only
def test_a_copy_of_a_closed_directory_has_a_place_of_its_own(closed, shelter):
    first = grounds.home(closed / "data", NOBODY, print)

    shutil.copytree(closed / "data", closed / "copy")

    assert grounds.home(closed / "copy", NOBODY, print) != first


@root_only
def test_programs_below_a_closed_directory_are_copied_once(closed, home, shelter, monkeypatch):
    root = binaries().parents[1]
    for tree in (root, root.with_name(f"{root.name}.libs")):
        shutil.copytree(tree, closed / tree.name)
    monkeypatch.setenv("BACKCAST_PG_BIN", str(closed / root.name / "pginstall" / "bin"))
    heard: list[str] = []

    for _ in range(2):
        with running(home, options=QUICK, progress=heard.append) as server:
            assert sql(server, "SELECT 1") == "1"

    assert sum(line.startswith("Copying") for line in heard) == 1
    assert not list(shelter.glob("draft-*"))


@root_only
def test_an_unknown_user_to_drop_to_is_refused_by_name(plot, monkeypatch):
    monkeypatch.setenv("BACKCAST_PG_USER", "no-such-user")

    with pytest.raises(EmbeddedUnavailable, match="no-such-user"):
        running(plot / "data").__enter__()


@pytest.mark.parametrize("mode", [0o777, 0o700])
def test_a_shelter_that_others_may_change_or_the_user_cannot_reach_is_refused(shelter, mode):
    shelter.mkdir()
    shelter.chmod(mode)

    with pytest.raises(EmbeddedUnavailable, match="BACKCAST_DATA_DIR"):
        grounds.shelter(NOBODY)


def test_the_account_is_barred_by_the_first_mode_bits_that_apply(plot):
    plot.chmod(0o701)

    own = Account("own", os.geteuid(), os.getegid())
    group = Account("group", 4_000_000, plot.stat().st_gid)
    other = Account("other", 4_000_000, 4_000_000)

    assert [who.may(plot, 1) for who in (own, group, other)] == [True, False, True]
