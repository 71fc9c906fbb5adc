"""What is kept: imports and their history, pulses, risks, plans, notes. Nothing kept is ever overwritten.

A row knows the batch that brought it and the batch that superseded it. What was known at any batch is the rows
brought by then and not superseded by then.
"""
