"""The link lines of the engine's targets say what its includes say: one diagram, whichever way it is read."""

import re

import pytest
from sources import ROOT
from test_includes import ALLOWED

LINK = re.compile(r"target_link_libraries\(\s*rowan_(\w+)\s([^)]*)\)")
# Third-party targets with one owner, as in ARCHITECTURE.md.
OWNERS = {"PostgreSQL::PostgreSQL": "pg", "PkgConfig::PQXX": "store"}


def links(folder: str) -> list[str]:
    """Returns what the library of an engine folder links."""
    text = re.sub(r"#.*", "", (ROOT / f"engine/{folder}/CMakeLists.txt").read_text())
    return [word for name, words in LINK.findall(text) if name == folder for word in words.split() if word not in ("PUBLIC", "PRIVATE", "INTERFACE")]


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_a_folder_links_only_what_it_may_include(folder):
    linked = links(folder)
    assert linked, f"engine/{folder}/CMakeLists.txt links nothing: rowan_{folder} has to name what it stands on"
    ours = {name.removeprefix("rowan_") for name in linked if name.startswith("rowan_")} - {"proto"}
    assert ours <= ALLOWED[folder]


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_drivers_and_transport_are_linked_by_their_owners(folder):
    linked = links(folder)
    assert [name for name in linked if OWNERS.get(name, folder) != folder] == []
    assert [name for name in linked if name.startswith("gRPC::")] == []


@pytest.mark.parametrize("owner", sorted(OWNERS.values()))
def test_owners_link_privately(owner):
    text = (ROOT / f"engine/{owner}/CMakeLists.txt").read_text()
    driver = next(name for name, folder in OWNERS.items() if folder == owner)
    line = next(words for name, words in LINK.findall(text) if name == owner and driver in words)
    assert line.index("PRIVATE") < line.index(driver), f"{driver} would reach whoever links rowan_{owner}"


def test_the_allowed_table_has_no_cycle():
    depth = {}
    while len(depth) < len(ALLOWED):
        ready = [name for name in ALLOWED if name not in depth and ALLOWED[name] <= depth.keys()]
        assert ready, f"a cycle among {sorted(ALLOWED.keys() - depth.keys())}"
        depth.update(dict.fromkeys(ready, len(depth)))
