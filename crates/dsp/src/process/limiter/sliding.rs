//! [`SlidingMaximum`] and [`Closing`]: the extremes of the last values of a stream.

/// Maximum of the last `window` values: a monotone deque in a ring, amortised O(1).
#[derive(Clone, Debug)]
pub(super) struct SlidingMaximum {
    window: u64,
    mask: usize,
    /// Decreasing values and the number of the push that brought each.
    ring: Vec<(f64, u64)>,
    front: usize,
    len: usize,
    pushes: u64,
}

impl SlidingMaximum {
    pub(super) fn new(window: usize) -> Self {
        let capacity = (window + 1).next_power_of_two();
        Self {
            window: window as u64,
            mask: capacity - 1,
            ring: vec![(0.0, 0); capacity],
            front: 0,
            len: 0,
            pushes: 0,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, value: f64) -> f64 {
        if self.len == 1 && self.ring[self.front].0 == value {
            // As if it had come just now, and only now.
            self.ring[self.front].1 = self.pushes;
            self.pushes += 1;
            return value;
        }
        while self.len > 0 && self.ring[(self.front + self.len - 1) & self.mask].0 <= value {
            self.len -= 1;
        }
        self.ring[(self.front + self.len) & self.mask] = (value, self.pushes);
        self.len += 1;
        if self.ring[self.front & self.mask].1 + self.window <= self.pushes {
            self.front = (self.front + 1) & self.mask;
            self.len -= 1;
        }
        self.pushes += 1;
        self.ring[self.front & self.mask].0
    }

    pub(super) fn reset(&mut self) {
        self.front = 0;
        self.len = 0;
        self.pushes = 0;
    }
}

/// Maximum over a span and a gap, then minimum over the gap (a morphological closing): what a
/// maximum over the span alone would give, with every valley that is shorter than the gap filled
/// to its lower brink. Before the first value lies zero.
#[derive(Clone, Debug)]
pub(super) struct Closing {
    maximum: SlidingMaximum,
    /// Of the negatives; none where there is no gap.
    minimum: Option<SlidingMaximum>,
}

impl Closing {
    pub(super) fn new(span: usize, gap: usize) -> Self {
        let mut closing = Self {
            maximum: SlidingMaximum::new(span + gap),
            minimum: (gap > 0).then(|| SlidingMaximum::new(gap + 1)),
        };
        closing.reset();
        closing
    }

    /// Closes the next values in place; each result belongs `gap` values back.
    pub(super) fn process(&mut self, values: &mut [f64]) {
        for value in &mut *values {
            *value = self.maximum.push(*value);
        }
        if let Some(minimum) = &mut self.minimum {
            for value in values {
                *value = -minimum.push(-*value);
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.maximum.reset();
        if let Some(minimum) = &mut self.minimum {
            minimum.reset();
            minimum.push(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::shares;

    #[test]
    fn the_sliding_maximum_is_the_maximum_of_the_window() {
        for window in [1, 2, 3, 7, 64] {
            let values = shares(500, 1);
            let mut sliding = SlidingMaximum::new(window);
            for (index, &value) in values.iter().enumerate() {
                let start = (index + 1).saturating_sub(window);
                let expected = values[start..=index].iter().copied().fold(0.0, f64::max);
                assert_eq!(sliding.push(value), expected, "window {window} at {index}");
            }
        }
    }

    #[test]
    fn closing_fills_short_valleys_and_leaves_long_ones_and_lone_peaks() {
        let mut values = vec![0.0; 200];
        for (at, value) in [(50, 0.5), (58, 0.7), (120, 0.9)] {
            values[at] = value;
        }
        let gap = 10;
        let mut closing = Closing::new(1, gap);
        values.resize(values.len() + gap, 0.0);
        closing.process(&mut values);
        let closed = values.split_off(gap);
        assert!(closed[50..58].iter().all(|&value| value == 0.5));
        assert_eq!(closed[58], 0.7);
        assert_eq!(closed[120], 0.9);
        let others = (0..50).chain(59..120).chain(121..200);
        assert!(others.into_iter().all(|at| closed[at] == 0.0));
    }
}
