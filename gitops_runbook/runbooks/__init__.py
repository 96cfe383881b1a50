"""One module per notebook: parameters, what it checks, plans and applies; no module here knows a notebook."""
