"""The architecture invariants of ARCHITECTURE.md that includes can break."""

import re

import pytest
from sources import ROOT, code_files, includes

# Who may include what: a pattern of includes, and the folders where it may stand.
OWNERS = [
    ("libpq", re.compile(r"^(libpq-fe\.h|postgresql/.*|libpq/.*)$"), ("engine/pg/", "tests/support/", "tests/bench/")),
    ("libpqxx", re.compile(r"^pqxx/"), ("engine/store/",)),
    ("gRPC", re.compile(r"^grpc(pp)?/|\.grpc\.pb\.h$"), ("service/", "clients/", "tests/")),
]

# Which engine folders each engine folder may include from, beside itself: the link lines as one table.
ALLOWED = {
    "base": set(),
    "types": {"base"},
    "catalog": {"base", "types"},
    "pg": {"base"},
    "ir": {"base", "types", "catalog"},
    "bind": {"base", "types", "catalog", "ir"},
    "plan": {"base", "types", "catalog", "ir"},
    "sql": {"base", "types", "catalog", "ir", "plan", "pg"},
    "hydrate": {"base", "types", "catalog", "ir", "plan"},
    "exec": {"base", "types", "catalog", "ir", "plan", "sql", "pg", "hydrate"},
    "store": {"base", "types", "catalog", "pg"},
}

# Engine headers know messages by name only. Those of compile_catalog and introspect are their
# results.
PB_HEADERS = {"engine/catalog/compile_catalog.h", "engine/catalog/schema_draft.h", "engine/catalog/schema_version.h",
              "engine/catalog/field_type.h", "engine/store/introspect.h", "engine/store/introspection_draft.h",
              "engine/store/read_default.h"}
PB_FOLDERS = ("types", "catalog", "bind", "hydrate", "exec", "store")


@pytest.mark.parametrize("library, pattern, folders", OWNERS, ids=[owner[0] for owner in OWNERS])
def test_libraries_stay_where_they_belong(library, pattern, folders):
    wrong = [
        f"{path} includes {included}"
        for path in code_files()
        for included in includes(path)
        if pattern.search(included) and not str(path).startswith(folders)
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_engine_folders_depend_downwards(folder):
    wrong = []
    for path in code_files(f"engine/{folder}"):
        if path.name.endswith("_test.cc"):
            continue
        for included in includes(path):
            parts = included.split("/")
            if parts[0] == "engine" and len(parts) > 2 and parts[1] != folder and parts[1] not in ALLOWED[folder]:
                wrong.append(f"{path} includes {included}")
            if parts[0] in ("service", "clients", "tests"):
                wrong.append(f"{path} includes {included}")
    assert wrong == []


def test_every_engine_folder_has_its_row():
    folders = {path.name for path in (ROOT / "engine").iterdir() if path.is_dir()}
    assert folders == set(ALLOWED)


def test_messages_stay_out_of_engine_headers():
    wrong = []
    for path in code_files("engine"):
        for included in includes(path):
            if not included.startswith("rowan/v1/") or path.name.endswith("_test.cc"):
                continue
            if path.suffix == ".h" and str(path) not in PB_HEADERS:
                wrong.append(f"{path} includes {included}")
            if path.suffix == ".cc" and len(path.parts) > 2 and path.parts[1] not in PB_FOLDERS:
                wrong.append(f"{path} includes {included}")
    assert wrong == []


def test_no_sql_in_plans_and_no_status_in_sql():
    sql = re.compile(r'"[^"]*\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE)\b ')
    comment = re.compile(r"//.*")
    wrong = [str(path) for path in code_files("engine/ir", "engine/plan") if sql.search(comment.sub("", (ROOT / path).read_text()))]
    wrong += [str(path) for path in code_files("engine/sql") if "absl/status" in " ".join(includes(path))]
    assert wrong == []
