"""Level 0: YAML and JSON in and out, exactly as Kubernetes' own programs read them; only this room knows ``yaml``."""
