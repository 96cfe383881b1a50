"""Level 1: find or provision the programs we run; which ones, and where they come from, is data in ``recipes``."""
