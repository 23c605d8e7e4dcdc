"""The sandbox marketplace: Cartona's supplier API on this machine, for demo and tests.

Start it with ``python -m sandbox --port 0``; `README.md` in this folder lists what it
reproduces and what it does not. It imports nothing from the addon, so the two can disagree.
"""
