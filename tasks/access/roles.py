"""Roles and what each may do. Data only: who asks whether somebody may is tasks/access/people.py.

A permission is "noun:verb". Every route names one, and a token's scopes are permissions too.
"""

from dataclasses import dataclass

PERMISSIONS = {  # permission: Chinese and English
    "alarm-sources:administer": ("管理告警源", "set up sources of alarms"),
    "alarms:handle": ("确认、搁置告警", "acknowledge and shelve alarms"),
    "alarms:read": ("查看告警", "see alarms"),
    "alarms:replay": ("查看并重放告警原文", "see and replay what sources delivered"),
    "alarms:send": ("上送告警", "send alarms"),
    "assets:read": ("查看班组、车辆、仪表与预约", "see teams, vehicles, instruments and bookings"),
    "assets:administer": ("管理班组、车辆与仪表", "administer teams, vehicles and instruments"),
    "assurance:plan": ("安排重保", "plan assurance periods"),
    "bookings:administer": ("登记请假、值班、送修", "note who is away and what is in repair"),
    "certificates:administer": ("登记资质证书", "note certificates"),
    "archives:read": ("查看客户档案", "see customers' archives"),
    "archives:keep": ("确认、维护客户档案与授权", "confirm and keep archives and consents"),
    "articles:read": ("查看知识", "see articles"),
    "articles:write": ("撰写知识", "write articles"),
    "articles:publish": ("发布、复审、撤回知识", "publish, review and withdraw articles"),
    "cases:read": ("查看咨询投诉", "see cases"),
    "cases:open": ("受理咨询投诉", "take in cases, and answer for them"),
    "cases:answer": ("参加会诊", "answer and add to cases"),
    "cases:steer": (
        "代为采纳、邀请、撤回咨询投诉",
        "accept, invite and withdraw for the owner of a case",
    ),
    "circuits:read": ("查看电路与设备", "see circuits and devices"),
    "customers:read": ("查看客户", "see customers"),
    "cutovers:ask": ("申请、取消割接", "ask for cutovers and call them off"),
    "diagrams:read": ("查看流程图", "see diagrams"),
    "diagrams:draft": ("起草流程图", "draft diagrams"),
    "diagrams:publish": ("评审、发布、回退流程图", "review, publish and roll back diagrams"),
    "discrepancies:read": ("查看资源差异", "see discrepancies"),
    "discrepancies:propose": (
        "上报资源差异并提出更正",
        "raise discrepancies and propose what is right",
    ),
    "discrepancies:settle": ("确认或驳回资源更正", "settle or refuse discrepancies"),
    "experts:read": ("查看专家库", "see the directory of experts"),
    "experts:administer": ("管理专家库", "nominate, appoint and dismiss experts"),
    "faq-pushes:read": ("查看 FAQ 推送", "see FAQ pushes"),
    "faq-pushes:send": ("推送 FAQ", "push FAQs to agents, and end that"),
    "flows:read": ("查看定时任务运行情况", "see how timed work goes"),
    "groups:staff": ("调整班组成员", "say who is in a group"),
    "history:read": ("查看全部历史", "read all of history"),
    "history:verify": ("核验历史", "verify history"),
    "inventory:import": ("导入、导出资源与客户数据", "import and export inventory and customers"),
    "hot-issues:read": ("查看热点问题", "see hot issues"),
    "hot-issues:steer": ("定答复口径、推送、终结热点问题", "settle, push and end hot issues"),
    "inspections:read": ("查看巡检、隐患与商机", "see inspections, findings and leads"),
    "inspections:plan": ("要求、取消巡检", "ask for inspections and call them off"),
    "incidents:repair": ("修复流程故障点", "repair incidents"),
    "leads:keep": ("跟进商机", "take and close leads"),
    "notices:read": ("查看通知", "see notices"),
    "notices:steer": ("重发、撤下通知", "send notices again, or drop them"),
    "notices:try": ("试发通知", "try the channels of notices"),
    "orders:read": ("查看业务订单", "see orders of services"),
    "orders:take-in": ("受理业务订单", "take in orders of services"),
    "orders:steer": ("缓装、撤单、改单", "postpone, cancel and change orders of services"),
    "people:read": ("查看人员", "see people"),
    "people:administer": ("管理人员", "administer people"),
    "planned-works:plan": ("安排计划作业", "plan works that shield alarms"),
    "planned-works:read": ("查看计划作业", "see planned works"),
    "plans:read": ("查看应急预案", "see emergency plans"),
    "plans:write": ("编写应急预案、关联电路", "write emergency plans and link circuits"),
    "plans:publish": ("发布、复审、撤回应急预案", "publish, review and withdraw emergency plans"),
    "plans:equip": ("登记应急资源", "say what emergency plans draw on"),
    "plan-runs:read": ("查看预案执行", "see how emergency plans run"),
    "plan-runs:start": ("启动应急预案", "start emergency plans"),
    "plan-runs:advance": ("响应召集、写态势通报", "answer calls and note how things stand"),
    "plan-runs:command": (
        "升级、终止预案,调配资源",
        "escalate and call off plans, reserve resources",
    ),
    "plan-runs:drill": ("组织预案演练", "drill emergency plans"),
    "points:read": ("查看积分", "see points"),
    "policies:read": ("查看策略", "see policies"),
    "policies:publish": ("发布策略", "publish policies"),
    "questions:read": ("查看问答", "see questions and answers"),
    "questions:ask": ("提问与回答", "ask and answer questions"),
    "questions:steer": ("代为采纳、撤回、重开问题", "accept, withdraw and reopen for who asked"),
    "reports:read": ("查看报表", "see reports"),
    "runs:read": ("查看流程实例", "see runs"),
    "runs:steer": ("启动、取消流程实例", "start and cancel runs"),
    "suspensions:approve": ("批准两小时内挂起", "approve a suspension of up to two hours"),
    "suspensions:approve-long": ("批准更长的挂起", "approve a longer suspension"),
    "tickets:read": ("查看故障单", "see tickets"),
    "tickets:open": ("受理故障", "open tickets and take further calls"),
    "tickets:postpone": ("批准延期", "put off the limit of a ticket"),
    "tickets:steer": ("并单、改级、作废故障单", "merge, regrade and cancel tickets"),
    "views:share": ("与班组共享视图", "share views with groups"),
    "visits:read": ("查看上门", "see visits"),
    "visits:plan": ("计划上门、派班", "plan visits and send crews"),
    "visits:approve": ("批准第二次上门", "approve a second visit"),
    "visits:approve-more": ("批准更多次上门", "approve a third visit and more"),
    "visits:advance": ("办理上门", "say how a visit goes"),
    "work-orders:read": ("查看工单", "see work orders"),
    "work-orders:advance": ("办理工单", "advance work orders"),
    "work-orders:assign": ("派单与转派", "assign work orders to others"),
}


@dataclass(frozen=True)
class Role:
    """What people of one kind may do."""

    zh: str
    en: str
    permissions: frozenset[str]


READ = {key for key in PERMISSIONS if key.endswith(":read") and key != "history:read"}
SHARE = {"articles:write", "questions:ask", "cases:answer"}  # what one knows, with everybody
ORDER = {"orders:take-in", "orders:steer"}
KEEP = {"articles:publish", "faq-pushes:send"}  # answer for what others read
ANSWER = {"plan-runs:advance"}  # when a plan calls
WORK = READ | SHARE | ANSWER | {"work-orders:advance", "discrepancies:propose", "visits:advance"}
SERVE = WORK | {"tickets:open", "orders:take-in", "cases:open", "plan-runs:start"}
VISIT = {
    "assurance:plan",
    "inspections:plan",
    "visits:plan",
    "visits:approve",
    "bookings:administer",
}
EQUIP = {"assets:administer", "certificates:administer", "visits:approve-more"}
SELL = {"tickets:open", "cases:open", "archives:keep", "leads:keep", "inspections:plan"}
DISPATCH = SERVE | KEEP | {"tickets:steer", "work-orders:assign", "suspensions:approve"}
JUDGE = {"cutovers:ask", "discrepancies:settle", "alarms:handle", "planned-works:plan"}
COMMAND = {"plan-runs:command", "plan-runs:drill"}
PREPARE = {"plans:write", "plans:equip"}
DISPATCH |= VISIT | JUDGE | {"alarms:replay", "orders:steer", "views:share"}
REPAIR = {"incidents:repair", "runs:steer", "history:read"}
GUARD = {"experts:administer", "questions:steer", "cases:steer", "hot-issues:steer"}
STEER = {"suspensions:approve-long", "tickets:postpone", "groups:staff", "policies:publish"}
MIND = {"notices:steer", "notices:try"}  # see to it that people are told
RECORD = {"archives:keep", "inventory:import", "leads:keep"}
INTAKE = {"alarm-sources:administer", "alarms:replay"}
MANAGE = DISPATCH | GUARD | REPAIR | STEER | MIND | INTAKE | EQUIP | RECORD | COMMAND | PREPARE
MANAGE |= {"plans:publish"}
OWN = READ | SHARE | KEEP | GUARD | REPAIR | {"diagrams:publish", "policies:publish"}
OWN |= PREPARE | {"diagrams:draft", "plans:publish", "plan-runs:drill"}
AUDIT = READ | {"history:read", "history:verify"}
# Who lets people in does not work on tickets; who audits changes nothing.
ADMINISTER = AUDIT | REPAIR | INTAKE | {"people:administer", "groups:staff", "inventory:import"}
ADMINISTER |= {"notices:try"}
AT_PARTNERS = {"work-orders:read", "work-orders:advance", "tickets:read", "circuits:read"}
AT_PARTNERS |= {"visits:read", "visits:advance"}

ROLES = {
    "agent": Role("客服坐席", "agent", frozenset(SERVE)),
    "account_manager": Role("客户经理", "account manager", frozenset(READ | SHARE | ANSWER | SELL)),
    "dispatcher": Role("调度员", "dispatcher", frozenset(DISPATCH)),
    "specialist": Role("专业工程师", "specialist", frozenset(SERVE | KEEP | JUDGE)),
    "field_engineer": Role("外线维护", "field engineer", frozenset(WORK)),
    "partner": Role("代维人员", "partner's engineer", frozenset(AT_PARTNERS)),
    "service_manager": Role(
        "网络服务经理", "network service manager", frozenset(DISPATCH | GUARD | SELL | PREPARE)
    ),
    "expert": Role("专家", "expert", frozenset(WORK | KEEP)),
    "manager": Role("值班长", "duty manager", frozenset(MANAGE)),
    "process_owner": Role("流程负责人", "process owner", frozenset(OWN)),
    "administrator": Role("系统管理员", "administrator", frozenset(ADMINISTER)),
    "auditor": Role("审计员", "auditor", frozenset(AUDIT)),
    "source": Role("告警源", "source of alarms", frozenset({"alarms:send", "alarms:read"})),
}
