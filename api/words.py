"""What is said, in Chinese and English, of errors that are not refusals of ours.

Read by api/problems.py. Refusals of ours carry their own words.
"""

from typing import Any

from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

TITLES = {  # code: what kind of problem it is
    "refused": ("被拒绝", "Refused"),
    "bad-token": ("令牌无效", "The token does not hold"),
    "busy": ("数据库忙", "The database is busy"),
    "conflict": ("有冲突", "Conflict"),
    "failed": ("服务器出错", "Something broke here"),
    "forbidden": ("没有权限", "Not permitted"),
    "invalid": ("填写有误", "Something is wrong in what was given"),
    "method-not-allowed": ("不支持这种操作", "Not done this way"),
    "not-allowed": ("现在不能这样做", "This cannot be done now"),
    "not-found": ("没有找到", "Not found"),
    "not-signed-in": ("尚未登录", "Not signed in"),
    "stale": ("别人先改了", "Somebody was faster"),
    "too-large": ("内容过大", "Too large"),
    "too-many-tries": ("尝试次数过多", "Too many tries"),
    "wrong-password": ("账号或密码不对", "Login or password is wrong"),
}

Said = tuple[str, str, str]  # code, Chinese, English
UNKNOWN: Said = ("refused", "请求未被接受", "The request was not accepted")
BY_STATUS: dict[int, Said] = {
    400: ("invalid", "请求读不懂,请检查格式", "The request cannot be read: check its form"),
    404: (
        "not-found",
        "这个地址什么也没有,接口清单见 /api/openapi.json",
        "There is nothing at this address: /api/openapi.json lists what there is",
    ),
    405: (
        "method-not-allowed",
        "这个地址不支持这种操作,可用的见 Allow",
        "This address takes another method: see the Allow header",
    ),
    413: ("too-large", "内容超过了允许的大小,请缩小后再传", "Larger than is taken: send less"),
}
BY_CLASS: dict[type[Exception], Said] = {
    StaleDataError: (
        "stale",
        "别人刚刚改了它,请刷新后再看",
        "Somebody changed it a moment ago: reload to see",
    ),
    IntegrityError: (
        "conflict",
        "它已经存在,或者与别处的数据冲突,请刷新后再试",
        "It exists already, or is at odds with other data: reload and try again",
    ),
    DataError: (
        "invalid",
        "内容里有无法保存的字符或数值",
        "There are characters or numbers in it that cannot be stored",
    ),
    OperationalError: ("busy", "数据库忙,请稍后再试", "The database is busy: try again soon"),
    PoolTimeout: ("busy", "数据库忙,请稍后再试", "The database is busy: try again soon"),
}
WRONG: dict[str, tuple[str, str]] = {  # type of a pydantic error, or how it begins
    "missing": ("必填", "is required"),
    "extra_forbidden": ("没有这一项", "is not known here"),
    "string_too_short": ("至少 {min_length} 个字", "needs at least {min_length} characters"),
    "string_too_long": ("最多 {max_length} 个字", "takes at most {max_length} characters"),
    "string_pattern_mismatch": ("格式须为 {pattern}", "has to look like {pattern}"),
    "string": ("须为文字", "has to be text"),
    "int": ("须为整数", "has to be a whole number"),
    "float": ("须为数字", "has to be a number"),
    "bool": ("须为 true 或 false", "has to be true or false"),
    "greater_than_equal": ("不能小于 {ge}", "has to be at least {ge}"),
    "greater_than": ("须大于 {gt}", "has to be more than {gt}"),
    "less_than_equal": ("不能大于 {le}", "has to be at most {le}"),
    "less_than": ("须小于 {lt}", "has to be less than {lt}"),
    "literal_error": ("须为 {expected}", "has to be {expected}"),
    "enum": ("须为 {expected}", "has to be {expected}"),
    "timezone": ("时间须带时区,如 2026-03-11T02:14:00Z", "needs a zone: 2026-03-11T02:14:00Z"),
    "datetime": ("须为时间,如 2026-03-11T02:14:00Z", "has to be a time: 2026-03-11T02:14:00Z"),
    "too_short": ("至少 {min_length} 项", "needs at least {min_length} items"),
    "too_long": ("最多 {max_length} 项", "takes at most {max_length} items"),
    "list": ("须为列表", "has to be a list"),
    "dict": ("须为 JSON 对象", "has to be a JSON object"),
    "model": ("须为 JSON 对象", "has to be a JSON object"),
    "no_facts": (
        "整数须在 64 位以内,文字须有效,嵌套不能太深",
        "takes whole numbers of 64 bits, valid text, and little nesting",
    ),
    "too_large": ("不能超过 {most} KB", "takes at most {most} KB"),
    "nul": ("含有无法保存的字符", "has a character that cannot be stored"),
    "json_invalid": ("不是有效的 JSON", "is not valid JSON"),
}


def say_wrong(kind: str, particulars: dict[str, Any], message: str) -> tuple[str, str]:
    """What is wrong with a field, from pydantic's error. An unforeseen one keeps its English."""
    for begin, (zh, en) in WRONG.items():
        if kind.startswith(begin):
            told = {name: str(each).replace(" or ", " 或 ") for name, each in particulars.items()}
            return zh.format(**told), en.format(**particulars)
    return "填写有误", message
