"""Valid responses for any operation, from the document's examples, else from its schemas.

patterns.py   a text that matches a regular expression
values.py     a value for a schema
service.py    a response for a request
transport.py  `Client(..., transport="mock")`
"""
