"""The push side: record what a playbook would do, replay it to the objects and releases of each environment."""
