"""What Baton stands on: its port, its folder, its database; or a sentence why it cannot start.

Called by api/__main__.py, before anything is made.
"""

import errno
import socket

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, DBAPIError

from records.database import connect


class CannotStart(Exception):
    """Something is missing that whoever starts Baton can set right."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def take_port(address: str, port: int) -> socket.socket:
    """Listens at once: who comes while the database is made waits for it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=2048)
    except OSError as error:
        raise _no_port(address, port, error) from None


def free_port(wanted: str) -> int:
    """On this machine: the one that is wanted, or any other if that is taken."""
    if not wanted.isdecimal() or not 0 < int(wanted) < 2**16:
        raise CannotStart(
            f"{wanted} 不是端口,请改 BATON_PREFECT_PORT",
            f"{wanted} is no port: set BATON_PREFECT_PORT to one below 65536",
        )
    try:
        with socket.create_server(("127.0.0.1", int(wanted))):
            return int(wanted)
    except OSError:
        with socket.create_server(("127.0.0.1", 0)) as door:
            return int(door.getsockname()[1])


def reach_database() -> Engine:
    try:
        engine = connect()
    except OSError as error:
        raise CannotStart(
            f"不能在 {error.filename} 里写({error.strerror}),请用 BATON_HOME 指定一个可写的文件夹",
            f"Nothing can be written to {error.filename} ({error.strerror}):"
            " name a folder in BATON_HOME that can",
        ) from None
    except (ArgumentError, ImportError):
        raise CannotStart(
            "BATON_DATABASE_URL 不对,应如 postgresql://user:password@host/name",
            "BATON_DATABASE_URL names no database: postgresql://user:password@host/name",
        ) from None
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise _no_answer(engine, error) from None
    return engine


def _no_port(address: str, port: int, error: OSError) -> CannotStart:
    if error.errno == errno.EADDRINUSE:
        return CannotStart(
            f"端口 {port} 已被占用,请停掉占用它的程序,或换一个:BATON_PORT=8001 make run",
            f"Port {port} is taken: stop what listens there, or take another:"
            " BATON_PORT=8001 make run",
        )
    return CannotStart(
        f"不能监听 {address}:{port}({error.strerror}),请改 BATON_ADDRESS 或 BATON_PORT",
        f"Cannot listen on {address}:{port} ({error.strerror}):"
        " set another BATON_ADDRESS or BATON_PORT",
    )


def _no_answer(engine: Engine, error: DBAPIError) -> CannotStart:
    place = engine.url.render_as_string(hide_password=True)
    said = str(error.orig).strip().splitlines()[0]
    return CannotStart(
        f"数据库 {place} 用不了({said}),请检查它或 BATON_DATABASE_URL、BATON_HOME",
        f"The database {place} cannot be used ({said}):"
        " look after it, or set BATON_DATABASE_URL or BATON_HOME",
    )
