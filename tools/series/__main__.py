"""`python -m tools.series [SERIES ...]`: derive the addon for some series, default all."""

import argparse
import sys
from pathlib import Path

from tools.dev.paths import ADDON, ROOT
from tools.series import dist, ladder


def main() -> None:
    """Write the selected folders and archives."""
    parser = argparse.ArgumentParser(prog="./dev dist", description=__doc__)
    parser.add_argument("series", nargs="*", metavar="SERIES", help=", ".join(ladder.SERIES))
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="the folder, dist")
    options = parser.parse_args()
    unknown = set(options.series) - set(ladder.SERIES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: the series are {', '.join(ladder.SERIES)}")
    try:
        for series in options.series or ladder.SERIES:
            print(dist.write(ROOT / ADDON, series, options.to))
    except ladder.LadderError as error:
        sys.exit(f"not derived:\n{error}")


if __name__ == "__main__":
    main()
