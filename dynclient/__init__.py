"""An OpenAPI-driven dynamic client: every operation callable by its operationId."""

__version__ = "0.1.0"
