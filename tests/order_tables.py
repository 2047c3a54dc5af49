"""For each row of the tables of service_activation: facts that it alone is meant for, and what it
must say. Used by test_decisions.py.
"""

ORDER = {"kind": "new", "product": "DIA", "is_cross_city": False}


def order(**facts):
    return {"order": ORDER | facts}


def amended(scope, is_designed=True):
    return {"amended": {"scope": scope, "is_designed": is_designed}}


ORDER_ROWS = {  # domain.md §4.2 (2)
    "order_limit": [
        (order(kind="cease", is_cross_city=True), (1, 1, 5, 0, "office")),
        (order(is_cross_city=True, product="OTN"), (2, 2, 15, 15, "office")),
        (order(product="MSTP"), (2, 2, 10, 15, "office")),
        (order(), (2, 2, 7, 15, "office")),
    ],
    "order_checks": [
        (order(kind="cease"), (False, False, False, False)),
        (order(kind="change", product="OTN"), (False, True, False, False)),
        (order(kind="change"), (False, False, False, True)),
        (order(kind="move", product="SDH"), (True, True, True, False)),
        (order(product="voice"), (True, False, True, True)),
    ],
    "order_jobs": [
        (order(kind="cease"), (["removal"],)),
        (order(kind="change"), (["cpe", "test"],)),
        (order(kind="move"), (["cabling", "cpe", "power_check", "test"],)),
    ],
    "order_amendment": [
        (amended("other"), ("check", True, True, True)),
        (amended("speed"), ("design", True, False, True)),
        (amended("words"), ("prepare", False, False, False)),
        (amended("speed", is_designed=False), ("check", False, False, False)),
    ],
}
