//! Arrays of numpy as a [`Source`], without a copy, and masters as arrays.

use acetate_dsp::stream::Spec;
use acetate_dsp::{Audio, Source, StreamError};
use anyhow::Context;
use numpy::ndarray::{Array2, ArrayView2, Axis, Slice};
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// An array that is being read, shape `(frames, channels)` in any order of memory.
pub(crate) enum Samples<'py> {
    /// Single precision, as the engine has it.
    Single(PyReadonlyArray2<'py, f32>),
    /// Double precision, rounded block by block.
    Double(PyReadonlyArray2<'py, f64>),
}

impl<'py> Samples<'py> {
    /// Of an array of numpy.
    ///
    /// # Errors
    /// `TypeError` for another type; the package converts before.
    pub(crate) fn of(array: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = array.cast::<PyArray2<f32>>() {
            return Ok(Self::Single(array.try_readonly()?));
        }
        if let Ok(array) = array.cast::<PyArray2<f64>>() {
            return Ok(Self::Double(array.try_readonly()?));
        }
        Err(PyTypeError::new_err(
            "expected an array of float32 or float64 with two dimensions",
        ))
    }

    /// Its samples, to be read without the interpreter.
    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Self::Single(array) => View::Single(array.as_array()),
            Self::Double(array) => View::Double(array.as_array()),
        }
    }
}

/// Samples of an array, `[frame][channel]`.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    Single(ArrayView2<'a, f32>),
    Double(ArrayView2<'a, f64>),
}

impl<'a> View<'a> {
    /// As a source.
    pub(crate) fn source(self, sample_rate_hz: u32) -> ArraySource<'a> {
        ArraySource {
            view: self,
            sample_rate_hz,
            position: 0,
        }
    }

    fn frames(&self) -> usize {
        match self {
            Self::Single(view) => view.nrows(),
            Self::Double(view) => view.nrows(),
        }
    }

    fn channels(&self) -> usize {
        match self {
            Self::Single(view) => view.ncols(),
            Self::Double(view) => view.ncols(),
        }
    }

    /// Copies a part of a channel.
    fn copy(&self, channel: usize, from: usize, out: &mut [f32]) {
        let part = Slice::from(from..from + out.len());
        match self {
            Self::Single(view) => {
                let part = view.slice_axis(Axis(0), part);
                let samples = part.index_axis(Axis(1), channel);
                out.iter_mut()
                    .zip(samples)
                    .for_each(|(out, sample)| *out = *sample);
            }
            Self::Double(view) => {
                let part = view.slice_axis(Axis(0), part);
                let samples = part.index_axis(Axis(1), channel);
                let samples = samples.iter().map(|sample| *sample as f32);
                out.iter_mut()
                    .zip(samples)
                    .for_each(|(out, sample)| *out = sample);
            }
        }
    }
}

/// An array as a stream of blocks.
pub(crate) struct ArraySource<'a> {
    view: View<'a>,
    sample_rate_hz: u32,
    position: usize,
}

impl Source for ArraySource<'_> {
    fn spec(&self) -> Spec {
        Spec {
            sample_rate_hz: self.sample_rate_hz,
            channels: self.view.channels(),
        }
    }

    fn frames_hint(&self) -> Option<u64> {
        Some(self.view.frames() as u64)
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = max_frames.min(self.view.frames() - self.position);
        block.set_frames(frames);
        for (channel, out) in block.channels_mut().enumerate() {
            self.view.copy(channel, self.position, out);
            if let Some(at) = out.iter().position(|sample| !sample.is_finite()) {
                let frame = self.position + at;
                return Err(StreamError::new(format!(
                    "expected finite samples, found {} at frame {frame} of channel {channel}",
                    out.get(at).copied().unwrap_or(f32::NAN)
                )));
            }
        }
        self.position += frames;
        Ok(frames)
    }

    fn skip(&mut self, frames: u64) -> Result<(), StreamError> {
        let left = self.view.frames() - self.position;
        self.position += usize::try_from(frames).unwrap_or(left).min(left);
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.position = 0;
        Ok(())
    }
}

/// A master as an array that owns its samples, contiguous: `(frames, channels)`, or `(channels, frames)`.
pub(crate) fn to_array(audio: &Audio, frames_first: bool) -> anyhow::Result<Array2<f32>> {
    let (frames, channels) = (audio.frames(), audio.channel_count());
    let mut samples = Vec::with_capacity(frames * channels);
    let shape = match (frames_first, audio.channels()) {
        (false, planes) => {
            planes
                .iter()
                .for_each(|plane| samples.extend_from_slice(plane));
            (channels, frames)
        }
        (true, [left, right]) => {
            let pairs = left.iter().zip(right);
            pairs.for_each(|(left, right)| samples.extend([*left, *right]));
            (frames, channels)
        }
        (true, planes) => {
            planes
                .iter()
                .for_each(|plane| samples.extend_from_slice(plane));
            (frames, channels)
        }
    };
    Array2::from_shape_vec(shape, samples).context("an array of the master")
}
