"""The performance budgets of the product, measured: `make bench`.

Each row of the table is a file of its own that measures its floor, where the budget has one, in
the same run: a ratio survives a slow or a shared machine, a number of seconds does not.
"""
