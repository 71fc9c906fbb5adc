"""What is a table and not a metric: movements, the accounts behind a figure, likely ranges, ranked lists."""
