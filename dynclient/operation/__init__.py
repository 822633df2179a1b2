"""Document to operations: arguments, parameter styles, bodies, media types, responses.

Sans I/O: `Operation.prepare` and `Operation.parse` are pure functions, and no HTTP library is
imported here.
"""

from ..unset import UNSET
from .bodies import BodyMedia, RequestBody
from .content.files import File
from .declared import DeclaredResponse
from .fields.parameters import Parameter
from .fields.styles import DeepObject
from .index import Operations
from .operation import Operation
from .options import NO_OPTIONS, Options
from .request import Prepared
from .servers import base_url, server_url

__all__ = [
    "NO_OPTIONS",
    "UNSET",
    "BodyMedia",
    "DeclaredResponse",
    "DeepObject",
    "File",
    "Operation",
    "Operations",
    "Options",
    "Parameter",
    "Prepared",
    "RequestBody",
    "base_url",
    "server_url",
]
