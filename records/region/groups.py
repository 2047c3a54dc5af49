"""The groups that the lanes of the shipped diagrams name, and those that ladders reach.

Seeded; used by the tests' cast too. Whom a rung of a ladder means: tasks/policies/recipients.json.
"""

GROUPS: dict[str, tuple[str, str]] = {  # key: Chinese and English name
    "crc": ("客户响应中心", "Customer response centre"),
    "noc": ("监控中心", "NOC"),
    "dispatch": ("调度", "Dispatch"),
    "transport": ("传输专业", "Transport"),
    "data": ("数据专业", "Data"),
    "line": ("线路专业", "Line"),
    "access": ("接入专业", "Access"),
    "field": ("外线班组", "Field crew"),
    "support": ("后台支撑", "Back office and experts"),
    "nsm": ("网络服务经理", "Network service manager"),
    "duty": ("值班长", "Duty lead"),
    "team_lead": ("班组长", "Team lead"),
    "city_head": ("市公司维护负责人", "City head of maintenance"),
    "province_crc": ("省客户响应中心", "Province response centre"),
    "province_director": ("省公司值班领导", "Province director on duty"),
    "group_duty": ("集团值班", "Group duty"),
}
