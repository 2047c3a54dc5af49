"""Services that ask another system, over HTTP and outside any transaction."""

from typing import Any

from notifications.channels import webhook
from notifications.refusals import NotSent
from tasks.services.kinds import ServiceRefused


def ask(key: str, *, system: str, **question: Any) -> dict[str, Any]:
    """POST the question to a system named in BATON_SYSTEMS; its answer as facts."""
    try:
        return webhook.ask(key, system, question)
    except NotSent as error:
        if not error.is_final:
            raise
        raise ServiceRefused(
            "system-refused", f"{system} 拒绝了请求:{error}", str(error)
        ) from error
