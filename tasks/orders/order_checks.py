"""What the policy "orders" must be. Called when one is published (policy_checks.py)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.findings import (
    Finding,
    expect_known,
    expect_map,
    expect_names,
    expect_number,
    expect_types,
)

NUMBERS = {
    "cores_per_section": (1, 10_000),
    "vlans_per_device": (1, 4_094),
    "inspect_within_days": (1, 365),
    "inspect_lead_days": (0, 364),
    "postpone_days": (1, 730),
    "promise_days": (1, 1_095),
}
OF_A_PRODUCT = {"is_sold": bool, "sites": list}
FASTEST = 1_000_000  # megabits


def check_orders(content: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_known("", content, {*NUMBERS, "products"})
    for key, (least, most) in NUMBERS.items():
        yield from expect_number(key, content.get(key), least, most, is_whole=True)
    products = content.get("products")
    yield from expect_map("products", products)
    for key, each in (products if isinstance(products, Mapping) else {}).items():
        told = each if isinstance(each, Mapping) else {}
        yield from _product(f"products.{key}", told)


def _product(path: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    yield from expect_names(path, told)
    yield from expect_known(path, told, {"zh", "en", "megabits", *OF_A_PRODUCT})
    yield from expect_types(path, told, OF_A_PRODUCT)
    speeds = told.get("megabits")
    if not isinstance(speeds, list) or len(speeds) != 2:
        zh, en = "应为 [最低, 最高] 两个数", "These are two numbers: [slowest, fastest]"
        yield Finding(f"{path}.megabits", zh, en)
    else:
        for n, speed in enumerate(speeds):
            yield from expect_number(f"{path}.megabits.{n}", speed, 1, FASTEST, is_whole=True)
