"""A real Prometheus Alertmanager (Debian's prometheus-alertmanager) that sends to Baton over HTTP.

For test_real_senders.py and drill_alertmanager.py.
"""

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn

PROGRAM = shutil.which("prometheus-alertmanager")
MISSING = "prometheus-alertmanager is not on this machine: apt-get install prometheus-alertmanager"
CONFIGURED = """
route:
  receiver: baton
  group_by: [alertname]
  group_wait: 0s
  group_interval: 100ms
  repeat_interval: {repeat}
  routes:
    - {{receiver: nobody, matchers: [route="nobody"]}}
receivers:
  - name: nobody
  - name: baton
    webhook_configs:
      - url: {url}
        max_alerts: 0
        http_config: {{authorization: {{credentials: {token}}}}}
"""


class Alertmanager:
    """As Prometheus sees it: what is firing and what no longer is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.since: dict[str, datetime] = {}

    def tell(self, device: str, is_over: bool = False, **labels: str) -> None:
        now = datetime.now(UTC)
        began = self.since.setdefault(device, now)
        alert = {
            "labels": {"alertname": "LinkDown", "device": device, "severity": "critical", **labels},
            "annotations": {"summary": f"{device} 链路中断"},
            "startsAt": began.isoformat(),
            "endsAt": (now if is_over else now + timedelta(hours=1)).isoformat(),
        }
        httpx.post(f"{self.url}/api/v2/alerts", json=[alert]).raise_for_status()


@contextmanager
def running(folder: Path, hook: str, token: str, repeat: str = "200ms") -> Iterator[Alertmanager]:
    """Started on a port that it finds itself; stopped at the end. What it knew is in `folder`."""
    settings = folder / "alertmanager.yml"
    settings.write_text(CONFIGURED.format(url=hook, token=token, repeat=repeat), encoding="utf-8")
    assert PROGRAM
    options = [f"--config.file={settings}", f"--storage.path={folder / 'data'}"]
    options += ["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="]
    with subprocess.Popen([PROGRAM, *options], stderr=subprocess.PIPE, text=True) as started:
        try:
            yield Alertmanager(f"http://{_place(started)}")
        finally:
            started.terminate()


@contextmanager
def serving(app: object) -> Iterator[str]:
    """The application on a real port of 127.0.0.1."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        server.should_exit = True
        thread.join(5)


def _place(started: subprocess.Popen[str]) -> str:
    """Where it says that it listens. What it says afterwards is thrown away, so that it goes on."""
    assert started.stderr
    said = []
    for line in started.stderr:
        said.append(line)
        if found := re.search(r'msg="?Listening on"? address=(\S+)', line):
            threading.Thread(target=started.stderr.read, daemon=True).start()
            return found[1]
    raise AssertionError("Alertmanager ended: " + "".join(said))
