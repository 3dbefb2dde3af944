#!/usr/bin/env python3
"""Generates the Python stubs of the protos into rowan/_generated, beside the client that uses them.

It needs protoc 3.15 or newer: Debian's `protobuf-compiler` with `protobuf-compiler-grpc`, or the `grpcio-tools` of the
Python package index when those are not installed. What was there is replaced.

Usage: python3 clients/python/generate_stubs.py [--protos DIR] [--out DIR]
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = "rowan._generated"
# The generated modules import each other by the name of their proto package. The client's own package is called `rowan`
# too, so they live below it and their imports have to say so.
IMPORT = re.compile(r"^from (rowan\.v1|google\.rpc) import ", re.MULTILINE)


def compiler() -> list[str]:
    """Returns the command that runs protoc with the gRPC plugin for Python."""
    protoc, plugin = shutil.which("protoc"), shutil.which("grpc_python_plugin")
    if protoc and plugin:
        return [protoc, f"--plugin=protoc-gen-grpc_python={plugin}"]
    try:
        import grpc_tools.protoc  # noqa: F401, only its presence counts
    except ImportError:
        sys.exit(
            "generate_stubs: protoc and grpc_python_plugin are not installed; install Debian's protobuf-compiler and "
            "protobuf-compiler-grpc, or the Python package grpcio-tools"
        )
    return [sys.executable, "-m", "grpc_tools.protoc"]


def generate(protos: pathlib.Path, out: pathlib.Path) -> None:
    """Writes the stubs of all protos below `protos`, and the service config, to `out`; replaces what is there."""
    sources = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
    if not sources:
        sys.exit(f"generate_stubs: there is no .proto file below {protos}")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".stubs-") as scratch:
        made = pathlib.Path(scratch) / "made"
        made.mkdir()
        command = compiler() + [f"--proto_path={protos}", f"--python_out={made}", f"--grpc_python_out={made}", *sources]
        subprocess.run(command, check=True)
        for path in made.rglob("*.py"):
            path.write_text(
                IMPORT.sub(rf"from {PACKAGE}.\1 import ", path.read_text(encoding="utf-8")), encoding="utf-8"
            )
        for folder in [made, *(path for path in made.rglob("*") if path.is_dir())]:
            (folder / "__init__.py").touch()
        shutil.copyfile(protos.parent / "clients" / "service_config.json", made / "service_config.json")
        # Swapped in by renames, so that a client starting meanwhile never sees half of the stubs.
        former = pathlib.Path(scratch) / "former"
        if out.exists():
            os.replace(out, former)
        os.replace(made, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--protos", type=pathlib.Path, default=HERE.parents[1] / "proto", help="the folder of the protos"
    )
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "rowan" / "_generated", help="where to write")
    arguments = parser.parse_args()
    generate(arguments.protos.resolve(), arguments.out.resolve())


if __name__ == "__main__":
    main()
