//! [`MovingAverages`]: a smooth kernel of exact length.

/// Lengths of the three boxes, as shares of their sum: the flattest stop-band of that support.
const BOX_SHARES: [f64; 2] = [0.404, 0.335];
/// Values handled at once; bounds the scratch memory.
const PIECE: usize = 256;
/// Fixed-point one of the box filters: running sums of integers do not drift.
const ONE: i64 = 1 << 30;

/// Three moving averages in cascade, in integers: exact, without drift.
#[derive(Clone, Debug)]
pub(super) struct MovingAverages {
    boxes: [RunningSum; 3],
    /// What the cascade gives for a constant [`ONE`].
    unity: i64,
}

impl MovingAverages {
    /// A kernel of `support` frames.
    pub(super) fn new(support: usize) -> Self {
        let sum = support + 2;
        let first = (libm::round(BOX_SHARES[0] * sum as f64) as usize).max(1);
        let second = (libm::round(BOX_SHARES[1] * sum as f64) as usize).max(1);
        let third = sum.saturating_sub(first + second).max(1);
        let mut cascade = Self {
            boxes: [first, second, third].map(RunningSum::new),
            unity: ONE * (first * second * third) as i64,
        };
        cascade.reset();
        cascade
    }

    /// Puts smoothed gains, rounded down, in the places of reductions.
    pub(super) fn process(&mut self, values: &mut [f64]) {
        let mut gains = [0; PIECE];
        for values in values.chunks_mut(PIECE) {
            let gains = &mut gains[..values.len()];
            for (gain, &reduction) in gains.iter_mut().zip(&*values) {
                *gain = ((1.0 - reduction) * ONE as f64) as i64;
            }
            for running in &mut self.boxes {
                running.process(gains);
            }
            for (value, &gain) in values.iter_mut().zip(&*gains) {
                *value = gain as f64 / self.unity as f64;
            }
        }
    }

    pub(super) fn reset(&mut self) {
        let mut value = ONE;
        for running in &mut self.boxes {
            value = running.fill(value);
        }
    }
}

/// Sum of the last values of a stream of integers.
#[derive(Clone, Debug)]
struct RunningSum {
    ring: Vec<i64>,
    position: usize,
    sum: i64,
}

impl RunningSum {
    fn new(length: usize) -> Self {
        Self {
            ring: vec![0; length],
            position: 0,
            sum: 0,
        }
    }

    /// Puts sums in the places of values.
    fn process(&mut self, mut values: &mut [i64]) {
        let mut sum = self.sum;
        while !values.is_empty() {
            let room = self.ring.len() - self.position;
            let (now, later) = values.split_at_mut(room.min(values.len()));
            for (slot, value) in self.ring[self.position..].iter_mut().zip(&mut *now) {
                sum += *value - *slot;
                *slot = *value;
                *value = sum;
            }
            self.position = (self.position + now.len()) % self.ring.len();
            values = later;
        }
        self.sum = sum;
    }

    /// As if `value` had always come; returns the sum.
    fn fill(&mut self, value: i64) -> i64 {
        self.ring.fill(value);
        self.position = 0;
        self.sum = value * self.ring.len() as i64;
        self.sum
    }
}
