"""The error tree: every message says what, where, what was expected, and what to do.

AfterlogError            everything afterlog raises on purpose
├── InputError           the logs, a path or an option's value is at fault (exit code 1)
├── CaseError            the case directory is missing, damaged or of another version (exit code 1)
├── LayoutError          a layout or log_format string cannot be compiled
├── ParserError          a parser plugin breaks its contract
└── TemplateError        a template asks for something that does not exist
"""


class AfterlogError(Exception):
    """Base of all errors a user is meant to read; the command line prints it without a traceback."""


class InputError(AfterlogError):
    """The logs, a path, or the value of an option is at fault."""


class CaseError(AfterlogError):
    """The case directory is missing, damaged, or was written by another version."""


class LayoutError(AfterlogError):
    """A layout, ``log_format`` or ``LogFormat`` string cannot be compiled."""


class ParserError(AfterlogError):
    """A parser plugin breaks its contract."""


class TemplateError(AfterlogError):
    """A template is broken or asks for something that does not exist."""
