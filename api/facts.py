"""Facts: free JSON that is given to a route, such as the data of a run or what a source sent.

What could not be kept is refused at the door, naming the field: further in it would break half way.
"""

import re
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

LARGEST = 256 * 1024  # bytes: as much as a step may carry
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # PostgreSQL has no place for it


def check_facts(given: dict[str, Any]) -> dict[str, Any]:
    try:
        text = orjson.dumps(given)
    except TypeError as error:
        raise PydanticCustomError("no_facts", "cannot be kept") from error
    if len(text) > LARGEST:
        raise PydanticCustomError("too_large", "is too large", {"most": LARGEST // 1024})
    if NUL.search(text):
        raise PydanticCustomError("nul", "has a character that cannot be stored")
    return given


Facts = Annotated[dict[str, Any], AfterValidator(check_facts)]
