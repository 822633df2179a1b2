"""The HTTP side of the service: routes, credentials, judgement, the operations."""
