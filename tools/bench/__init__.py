"""The performance budgets of the product, measured: `make bench`.

Each row of the table is one file. It measures its floor, if the budget has one, in the same run:
a ratio remains valid on a slow or shared machine, a number of seconds does not.
"""
