"""The checkout, as the checks of this folder see it."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("engine", "service", "clients", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)


def code_files(*folders: str, suffixes: tuple[str, ...] = (".h", ".cc")) -> list[pathlib.Path]:
    """Returns the files with one of the suffixes below the folders, as paths from the root, in order."""
    found = []
    for folder in folders or CODE_FOLDERS:
        found += [path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    return sorted(path for path in found if "_generated" not in path.parts)


def includes(path: pathlib.Path) -> list[str]:
    """Returns what a file includes."""
    return INCLUDE.findall((ROOT / path).read_text())
