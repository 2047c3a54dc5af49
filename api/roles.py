"""JSON: the roles there are, and what each permits."""

from pydantic import BaseModel

from api.deps import Turn, allow, make_router
from tasks.access.roles import PERMISSIONS, ROLES

router = make_router("roles")


class PermissionShown(BaseModel):
    key: str
    zh: str
    en: str


class RoleShown(BaseModel):
    key: str
    zh: str
    en: str
    permissions: list[PermissionShown]


@router.get("", summary="Every role")
def index(turn: Turn = allow("people:read")) -> list[RoleShown]:
    return [
        RoleShown(
            key=key,
            zh=role.zh,
            en=role.en,
            permissions=[_show(p) for p in sorted(role.permissions)],
        )
        for key, role in ROLES.items()
    ]


def _show(permission: str) -> PermissionShown:
    zh, en = PERMISSIONS[permission]
    return PermissionShown(key=permission, zh=zh, en=en)
