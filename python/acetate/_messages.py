"""What the engine says beside its results: warnings, and notes for the log `acetate`."""

from __future__ import annotations

import logging
import warnings

from ._errors import AcetateWarning

_LOG = logging.getLogger("acetate")
# From here to the line of the caller's: tell, the extension's function, the package's function.
_CALLER = 3


def tell(is_warning: bool, text: str) -> None:
    """Passes one message on."""
    if is_warning:
        warnings.warn(text, AcetateWarning, stacklevel=_CALLER)
    else:
        _LOG.info("%s", text)
