"""The sandbox's state: all of its SQL, one module for each group of tables.

Functions take the connection that `State.read` or `State.transaction` gives, so that a caller decides what belongs
into one transaction.
"""
