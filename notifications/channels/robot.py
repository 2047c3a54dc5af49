"""Robots in groups of WeCom, DingTalk, Feishu. BATON_ROBOTS names them:

{"noc": {"gateway": "dingtalk", "url": "https://oapi.dingtalk.com/robot/send?access_token=…",
"secret": "SEC…"}}. `to` is such a name. What each gateway wants to hear: gateways.json.
"""

from notifications.channels import gateways, http
from notifications.refusals import NotSent


def send(key: str, to: str, title: str, text: str) -> None:
    known = http.settings("BATON_ROBOTS")
    if not isinstance(known.get(to), dict):
        raise NotSent(f"No robot “{to}”: set it up in BATON_ROBOTS", is_final=True)
    gateways.send(f"robot {to}", known[to], {"key": key, "to": to, "title": title, "text": text})


def is_ready() -> bool:
    return http.has_settings("BATON_ROBOTS")
