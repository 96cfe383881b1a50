"""Level 0: frozen data and pure functions; knows no file, no program and no cluster."""
