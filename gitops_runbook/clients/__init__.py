"""Level 1: the only code that reaches outside this process; calls that change a cluster need a Grant."""
