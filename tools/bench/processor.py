"""Processor time: unlike wall-clock time, other work on the machine does not lengthen it."""

import os
from collections.abc import Callable
from pathlib import Path

from tools.dev.odoo_server import OdooServer

_TICKS = os.sysconf("SC_CLK_TCK")
_BACKENDS = """
    SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'
"""


def spent(odoo: OdooServer, work: Callable[[], object]) -> float:
    """Do the work and return its processor time.

    :param work: something the server does, with no other request meanwhile
    :return: seconds of the server's process and of its database's connections; the latter only if
        PostgreSQL runs on this machine
    """
    before = _used(odoo)
    work()
    after = _used(odoo)
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def _used(odoo: OdooServer) -> dict[int, float]:
    """Return process id -> processor seconds since its start, without ended children's."""
    assert odoo.process is not None
    used = {odoo.process.pid: _seconds(odoo.process.pid)}
    for (pid,) in odoo.env.pg.query(_BACKENDS, odoo.database):
        used[pid] = _seconds(pid, "postgres")
    return used


def _seconds(pid: int, program: str = "") -> float:
    """Return 0.0 for an ended process or another program: PostgreSQL may run elsewhere."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    name, _, rest = stat.rpartition(")")
    if f"({program}" not in name:
        return 0.0
    # Fields after the name: state, ..., utime and stime at 11 and 12.
    fields = rest.split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
