"""The description of the API by OpenAPI 3.1, made from the table of its URLs, and a page that shows it to people."""

from telegraphone.web.openapi.description import Description as Description
from telegraphone.web.openapi.document import document as document
from telegraphone.web.openapi.page import files as files
