"""What a row is told."""

from dataclasses import dataclass

from tools.dev.environment import Environment


@dataclass(frozen=True)
class Options:
    """How the rows are measured.

    :ivar env: the Odoo to measure on
    :ivar pairs: interleaved pairs where a row is compared with a floor
    :ivar changes: single changes where a row takes quantiles
    :ivar full: also the sizes that take long
    """

    env: Environment
    pairs: int = 5
    changes: int = 60
    full: bool = False
