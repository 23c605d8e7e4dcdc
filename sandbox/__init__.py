"""The sandbox marketplace: Cartona's supplier API on this machine, for demo and tests.

Start it with ``python -m sandbox --port 0``; `README.md` beside this file says what it
reproduces and what it does not. It imports nothing of the addon, so that the two can disagree.
"""
