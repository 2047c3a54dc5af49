"""Passwords: the rules, the hash (argon2id), the comparison. Slow by design: 0.1 s and 64 MiB.

Called by api/door.py outside any transaction, so that nobody waits for a lock meanwhile.
"""

import os
from base64 import b64encode
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from tasks.refusals import wrong

Hasher = PasswordHasher
HASHER = Hasher()  # the second profile of RFC 9106 §4
SHORTEST, LONGEST = 10, 200  # characters
_seats = BoundedSemaphore(os.cpu_count() or 2)  # more at once would only take memory


def hash_password(login: str, password: str, hasher: Hasher = HASHER) -> str:
    """What to keep of a new password, if it is good enough."""
    if not SHORTEST <= len(password) <= LONGEST:
        zh, en = (
            f"密码须有 {SHORTEST} 至 {LONGEST} 个字符",
            f"Use {SHORTEST} to {LONGEST} characters",
        )
        raise wrong("password", zh, en)
    if login.lower() in password.lower():
        raise wrong("password", "密码不能包含账号", "The password must not contain the login")
    with _seats:
        return hasher.hash(password)


def is_password(kept: str, password: str, hasher: Hasher = HASHER) -> bool:
    """Whether it is the one that was kept. "" (nobody, no password) takes as long to refuse."""
    with _seats:
        try:
            hasher.verify(kept or _nobodys(hasher), password)
        except VerificationError:
            return False
        return bool(kept)


def _nobodys(hasher: Hasher) -> str:
    """A hash like the others, of nothing that anybody knows."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (b64encode(os.urandom(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19${costs}${salt}${digest}"
