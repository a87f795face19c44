"""What goes wrong: every exception of the package is an `AcetateError`; warnings, and notes for the log `acetate`."""

from __future__ import annotations

import logging
import warnings

_LOG = logging.getLogger("acetate")
# From here to the line of the caller's: tell, the extension's function, the package's function.
_CALLER = 3


class AcetateError(Exception):
    """Nothing was made. The message says what was expected, what was found and what to do."""


class UsageError(AcetateError, ValueError):
    """An option, an array or settings that cannot be understood, or a value outside its range."""


class InputError(AcetateError):
    """A file that cannot be read or decoded."""


class OutputError(AcetateError):
    """A file that cannot be written: its name is taken, its folder is missing, or there is no room."""


class MasteringError(AcetateError):
    """A mix of which no master can be made: silence, samples that are no sound, a ceiling that cannot be held."""


class InternalError(AcetateError):
    """A bug of Acetate. Please report it with the file."""


class AcetateWarning(UserWarning):
    """Something that the user should act on, as damage that was bridged."""


def tell(is_warning: bool, text: str) -> None:
    """Passes one message on."""
    if is_warning:
        warnings.warn(text, AcetateWarning, stacklevel=_CALLER)
    else:
        _LOG.info("%s", text)
