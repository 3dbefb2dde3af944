"""Generates the stubs, so that they are there when setuptools looks for packages. All else is in pyproject.toml."""

import pathlib
import subprocess
import sys

from setuptools import setup

subprocess.run([sys.executable, str(pathlib.Path(__file__).resolve().parent / "generate_stubs.py")], check=True)
setup()
