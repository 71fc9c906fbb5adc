"""How fast the core is, as ratios: each figure against reading the matrix once, or against parsing the same file."""
