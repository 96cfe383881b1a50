"""Level 2: the pull side – from desired objects to a repository of kustomize bases and overlays that Flux applies."""
