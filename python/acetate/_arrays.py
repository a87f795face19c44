"""Arrays of samples: whose they are, which way round they lie, and without a copy where none is needed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Literal, Union

import numpy as np
import numpy.typing as npt

from ._errors import UsageError

Layout = Literal["frames_first", "channels_first"]
"""The order of an array's axes: `(frames, channels)` or `(channels, frames)`."""

PathLike = Union[str, "os.PathLike[str]"]
Source = Union[PathLike, "npt.NDArray[np.floating[Any]]", Any]
"""A path, or an array of numpy, torch or anything with DLPack or the buffer protocol."""

_MOST_CHANNELS = 2


@dataclass(frozen=True)
class Samples:
    """An array that the engine reads where it lies."""

    frames: npt.NDArray[Any]
    """Shape `(frames, channels)`, float32 or float64, in any order of memory."""
    frames_first: bool
    """Whether the caller's array has the frames first."""
    is_flat: bool
    """Whether the caller's array has one dimension."""

    def like_given(self, master: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """A master in the shape of the mix."""
        return master[:, 0] if self.is_flat else master


def is_path(source: Any) -> bool:
    """Whether a source is a file."""
    return isinstance(source, (str, os.PathLike))


def samples(source: Any, layout: Layout | None = None) -> Samples:
    """Takes an array as it is; copies only one that lies crooked in memory."""
    array = _as_numpy(source)
    if not array.dtype.isnative:
        raise UsageError("expected samples in the byte order of this machine: use array.astype(numpy.float32)")
    if array.dtype not in (np.float32, np.float64):
        raise UsageError(
            f"expected samples of float32 or float64, found {array.dtype}: for integers divide by their full scale, "
            "as array / 32768.0 for 16 bits"
        )
    if array.ndim == 1:
        found = Samples(array[:, np.newaxis], frames_first=True, is_flat=True)
    elif array.ndim == 2:
        frames_first = _is_frames_first(array.shape, layout)
        found = Samples(array if frames_first else array.T, frames_first, is_flat=False)
    else:
        raise UsageError(f"expected an array with 1 or 2 dimensions, found {array.ndim}")
    if found.frames.shape[0] == 0:
        raise UsageError("expected samples, found an empty array")
    lies_straight = found.frames.flags.aligned and all(s % array.itemsize == 0 for s in found.frames.strides)
    if lies_straight:
        return found
    return Samples(np.array(found.frames, order="C"), found.frames_first, found.is_flat)


def _as_numpy(source: Any) -> npt.NDArray[Any]:
    if isinstance(source, np.ndarray):
        return source
    if hasattr(source, "__dlpack__"):
        if getattr(source, "requires_grad", False):
            source = source.detach()
        try:
            return np.from_dlpack(source)
        except (BufferError, RuntimeError, TypeError) as error:
            raise UsageError(
                f"expected an array in the memory of the processor, found {type(source).__name__}: move it there "
                "first, as tensor.cpu()"
            ) from error
    try:
        return np.asarray(memoryview(source))
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"expected a path or an array (numpy, DLPack or the buffer protocol), found {type(source).__name__}"
        ) from error


def _is_frames_first(shape: tuple[int, ...], layout: Layout | None) -> bool:
    first, second = (1 <= length <= _MOST_CHANNELS for length in shape)
    if layout not in (None, "frames_first", "channels_first"):
        raise UsageError(f'layout: expected "frames_first" or "channels_first", found {layout!r}')
    if layout is not None:
        if not (second if layout == "frames_first" else first):
            raise UsageError(f"expected 1 or 2 channels and layout {layout!r}, found the shape {shape}")
        return layout == "frames_first"
    if first and second:
        raise UsageError(
            f"expected (frames, channels) or (channels, frames), found the shape {shape}, which may be either: "
            'say layout="frames_first" or layout="channels_first"'
        )
    if not (first or second):
        raise UsageError(f"expected 1 or 2 channels, found the shape {shape}: mix down to stereo first")
    return second


def sample_rate_of(source: Any, sample_rate: int | None) -> int:
    """The rate of an array in Hz, which has to be given; 0 of a file, which knows its own."""
    if is_path(source):
        if sample_rate is not None:
            raise UsageError("sample_rate: expected none, since a file says its own; for another rate use rate=")
        return 0
    if sample_rate is None:
        raise UsageError("sample_rate: expected the rate of the array in Hz, as sample_rate=44100")
    if not float(sample_rate).is_integer() or not 0 < sample_rate < 2**31:
        raise UsageError(f"sample_rate: expected a whole number of Hz, found {sample_rate}")
    return int(sample_rate)


def path_of(source: Any) -> str:
    """A path as a word of the command line: never standard input."""
    path = os.fspath(source)
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    return os.path.join(os.curdir, path) if path.startswith("-") else path
