"""Options of a row."""

from dataclasses import dataclass

from tools.dev.environment import Environment


@dataclass(frozen=True)
class Options:
    """Options of the measurement.

    :ivar env: the Odoo to measure
    :ivar pairs: interleaved pairs if a row is compared with a floor
    :ivar changes: single changes if a row reports quantiles
    :ivar full: True to include the slow sizes
    """

    env: Environment
    pairs: int = 5
    changes: int = 60
    full: bool = False
