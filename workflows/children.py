"""A process that the supervisor keeps running: started, started again where it dies, stopped.

Each is the head of a group of its own, and flows are in the group of their runner. A runner that
was killed leaves its flows behind, at work; so every group is remembered until the end.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

SUPERVISOR = "BATON_SUPERVISOR"  # in the environment of all of them: its process
LONGEST_PAUSE = 60.0  # seconds between two starts of what dies at once
IS_WELL = 30.0  # seconds after which a start has succeeded
LARGEST = 5_000_000  # bytes of what it printed before; then it is begun anew

log = logging.getLogger(__name__)


class Child:
    """`module` and its arguments, run by Python; what it prints goes into `printed`."""

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], printed: Path
    ) -> None:
        self.name, self.command, self.env, self.printed = name, command, env, printed
        self.process: subprocess.Popen[bytes] | None = None
        self.groups: list[int] = []
        self.deaths, self.next_start, self.started_at = 0, 0.0, 0.0

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def keep(self, prepare: Callable[[], None] = lambda: None) -> bool:
        """Start it if it is not there and its time has come; whether it was started now."""
        if self.is_alive():
            return False
        if self.process is not None:
            self._mourn(self.process)
        if time.monotonic() < self.next_start:
            return False
        prepare()
        self._start()
        return True

    def stop(self, patience: float, *, head_first: bool = False) -> None:
        """Ask all its groups to go, then end them. A runner has nothing to lose: its flows do."""
        if head_first and self.process is not None:
            self.process.kill()
        self._signal(signal.SIGTERM)
        given_up_at = time.monotonic() + patience
        while self._signal(0) and time.monotonic() < given_up_at:
            self.is_alive()  # reaps it: until then its group is there
            time.sleep(0.02)
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self._bury(self.process)

    def kill(self) -> None:
        """It hangs. It is started again in its time."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _start(self) -> None:
        if self.printed.exists() and self.printed.stat().st_size > LARGEST:
            self.printed.unlink()
        with self.printed.open("ab") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workflows.guarded", *self.command],
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env={**self.env, SUPERVISOR: str(os.getpid())},
                start_new_session=True,
            )
        self.groups.append(self.process.pid)
        self.started_at = time.monotonic()

    def _mourn(self, process: subprocess.Popen[bytes]) -> None:
        self._bury(process)
        is_sudden = time.monotonic() - self.started_at < IS_WELL
        self.deaths = self.deaths + 1 if is_sudden else 1
        pause = 0.0 if self.deaths == 1 else min(2.0**self.deaths, LONGEST_PAUSE)
        self.next_start = time.monotonic() + pause
        told = f"%s ended (%s), the %s. time in a row; again in %.0f s. {self.printed} says more"
        log.warning(told, self.name, process.returncode, self.deaths, pause)

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        if process.stdin:
            process.stdin.close()
        self.process = None

    def _signal(self, number: int) -> bool:
        """To all its groups; whether anybody was there."""
        is_there = False
        for group in self.groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
                is_there = True
        return is_there
