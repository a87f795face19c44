//! [`Tap`]: a source that is listened to while somebody else reads it.

use acetate_dsp::{Audio, Source, Spec, StreamError};

/// Shows every block that is read from a source; a rewind shows it all again.
pub(crate) struct Tap<'a> {
    inner: &'a mut dyn Source,
    listen: &'a mut (dyn FnMut(&Audio) + Send),
}

impl<'a> Tap<'a> {
    pub(crate) fn new(
        inner: &'a mut dyn Source,
        listen: &'a mut (dyn FnMut(&Audio) + Send),
    ) -> Self {
        Self { inner, listen }
    }
}

impl Source for Tap<'_> {
    fn spec(&self) -> Spec {
        self.inner.spec()
    }

    fn frames_hint(&self) -> Option<u64> {
        self.inner.frames_hint()
    }

    fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
        let frames = self.inner.read(block, max_frames)?;
        if frames > 0 {
            (self.listen)(block);
        }
        Ok(frames)
    }

    fn rewind(&mut self) -> Result<(), StreamError> {
        self.inner.rewind()
    }
}
