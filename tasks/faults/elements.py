"""The six elements (六要素) without which no fault is archived. Asked by tickets.py."""

from collections.abc import Mapping
from typing import Any

from tasks.refusals import Invalid

ELEMENTS = {  # 六要素, and when it happened
    "action": "处理措施",
    "cleared_at": "故障消除时间",
    "cause": "故障原因",
    "handler": "处理人",
    "contact": "联系方式",
    "response_level": "响应级别",
    "occurred_at": "发生时间",
}


def check_elements(closing: Mapping[str, Any]) -> None:
    missing = [name for name in ELEMENTS if not str(closing.get(name) or "").strip()]
    if missing:
        fields = [{"field": n, "zh": f"请填{ELEMENTS[n]}", "en": "is required"} for n in missing]
        zh = f"六要素不全:{'、'.join(ELEMENTS[name] for name in missing)}"
        raise Invalid(zh, f"Elements are missing: {', '.join(missing)}", fields=fields)
