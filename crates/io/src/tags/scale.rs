//! [`Scale`]: places in frames at another sample rate.

/// One sample rate for another.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub from_hz: u32,
    pub to_hz: u32,
}

impl Scale {
    pub(super) fn is_one(self) -> bool {
        self.from_hz == self.to_hz || self.from_hz == 0
    }

    /// The nearest frame.
    pub(super) fn frames(self, at: u64) -> u64 {
        if self.is_one() {
            return at;
        }
        let (from, to) = (u128::from(self.from_hz), u128::from(self.to_hz));
        let scaled = (u128::from(at) * to + from / 2) / from;
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// The nearest frame, in 32 bits.
    pub(super) fn frames_32(self, at: u32) -> u32 {
        u32::try_from(self.frames(u64::from(at))).unwrap_or(u32::MAX)
    }
}
