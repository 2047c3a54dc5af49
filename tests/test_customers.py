"""Customers, circuits and devices, over HTTP."""


def test_customers_are_found_by_part_of_a_name_in_either_language(as_):
    dora = as_("dora")
    for q in ("海东", "haidong", "c-1"):
        [found] = dora.get("/api/customers", params={"q": q}).json()["items"]
        assert (found["name"], found["grade"]) == ("海东银行", "AAA")
    assert dora.get("/api/customers", params={"q": "100%"}).json()["items"] == []


def test_filters_narrow_a_list(as_):
    dora = as_("dora")
    for query, many in {"grade=AAA": 1, "grade=std": 0, "city=海州": 1, "industry=bank": 0}.items():
        assert len(dora.get(f"/api/customers?{query}").json()["items"]) == many
    assert dora.get("/api/customers?grade=BBB").status_code == 422
    assert dora.get("/api/customers?colour=red").status_code == 422


def test_a_customer_comes_with_contacts_and_circuits(as_):
    told = as_("ada").get("/api/customers/1").json()
    assert told["contacts"][0]["name"] == "王敏"
    assert told["circuits"][0]["code"] == "HD-DIA-1"


def test_what_is_not_there_is_not_found(as_):
    dora = as_("dora")
    for path in ("customers/9", "circuits/9", "devices/9", "groups/nix", "people/nix"):
        answer = dora.get(f"/api/{path}")
        assert answer.status_code == 404 and answer.json()["type"] == "urn:baton:not-found"
    assert dora.get(f"/api/customers/{2**63}").status_code == 422


def test_a_circuit_is_shown_hop_by_hop(as_):
    told = as_("liu").get("/api/circuits/1").json()
    assert (told["customer"], told["a_site"], told["z_site"]) == ("海东银行", "东街", "城北")
    hops = told["routes"]["main"]
    assert [(hop["seq"], hop["device"]["site"]["name"]) for hop in hops] == [
        (1, "东街"),
        (2, "城北"),
    ]
    assert hops[0]["section"] is None


def test_circuits_are_found_by_what_they_belong_to_and_pass(as_):
    dora = as_("dora")
    for query, many in {
        "customer=1": 1, "customer=2": 0, "product=DIA": 1, "city=海州": 1, "city=台州": 0,
        "device=2": 1, "device=3": 0, "section=1": 0, "q=hd-": 1,
    }.items():  # fmt: skip
        assert len(dora.get(f"/api/circuits?{query}").json()["items"]) == many, query


def test_devices_are_found_by_site_and_kind(as_):
    dora = as_("dora")
    for query, many in {"site=1": 1, "kind=aggregation": 2, "manageability=none": 0}.items():
        assert len(dora.get(f"/api/devices?{query}").json()["items"]) == many
    assert dora.get("/api/devices/1").json()["site"]["code"] == "HZ-DJ"


def test_a_partners_engineer_sees_circuits_but_no_customers(as_):
    root = as_("root")
    root.patch("/api/people/liu", json={"roles": ["partner"]})
    liu = as_("liu")
    assert liu.get("/api/circuits").status_code == 200
    assert liu.get("/api/customers").status_code == 403
