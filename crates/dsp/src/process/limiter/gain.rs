//! The limiter's gain law: from the gain that each frame needs to the gain that it gets.
//!
//! Required reduction → sliding maximum over look-ahead and hold → two-stage release → three box
//! filters in cascade. The boxes' total support is the look-ahead, every value in it is at least
//! the reduction that the frame needs, and an average of such values is too: the gain is never
//! above the required one. [`Limiter`](super::Limiter) runs the law at the sample rate and
//! [`solve`](crate::solve) runs the very same code at 1 kHz.
//!
//! Reductions are linear, `1 - gain`: 0 does nothing, 1 is silence.

/// How long a reduction is held before it may be released, ms. Look-ahead and hold together are
/// longer than half a period of 35 Hz, so that the gain stands still under a bass tone.
pub const HOLD_MS: f64 = 15.0;
/// Time constant of the fast part of the release, ms (a shorter slow part shortens it too).
pub const FAST_RELEASE_MS: f64 = 50.0;
/// Lengths of the three boxes, as shares of their sum: the flattest stop-band of that support.
const BOX_SHARES: [f64; 2] = [0.404, 0.335];
/// Fixed-point one of the box filters: running sums of integers do not drift.
const ONE: i64 = 1 << 30;
/// Reductions below this (-180 dB) are at rest.
const REST: f64 = 1e-9;

/// The time constants of a gain law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GainLaw {
    /// Time in which the gain comes down, ms.
    pub lookahead_ms: f64,
    /// Time for which it stays down, ms.
    pub hold_ms: f64,
    /// Time constant of the slow part of the release, ms.
    pub release_ms: f64,
}

/// Turns a stream of required reductions into a stream of smooth ones.
#[derive(Clone, Debug)]
pub struct GainComputer {
    delay_frames: usize,
    maximum: SlidingMaximum,
    release: Release,
    smooth: BoxCascade,
}

impl GainComputer {
    /// For `rate_hz` frames a second.
    pub fn new(law: &GainLaw, rate_hz: f64) -> Self {
        let frames = |ms: f64| libm::round(ms.max(0.0) * rate_hz / 1000.0) as usize;
        let support = frames(law.lookahead_ms) + 1;
        Self {
            delay_frames: support - 1,
            maximum: SlidingMaximum::new(support + frames(law.hold_ms)),
            release: Release::new(law.release_ms, rate_hz),
            smooth: BoxCascade::new(support),
        }
    }

    /// Frames between a required reduction and the gain of that frame.
    pub fn delay_frames(&self) -> usize {
        self.delay_frames
    }

    /// Takes the reduction that the next frame needs, and returns the gain of the frame
    /// [`delay_frames`](Self::delay_frames) before it (1 before the first).
    #[inline]
    pub fn next_gain(&mut self, required_reduction: f64) -> f64 {
        let held = self.maximum.push(required_reduction);
        self.smooth.push(self.release.next_reduction(held))
    }

    /// Back to the state just after construction.
    pub fn reset(&mut self) {
        self.maximum.reset();
        self.release.reset();
        self.smooth.reset();
    }
}

/// The reduction that a frame with this envelope needs under a ceiling (both linear). An
/// envelope that is not a number needs none.
#[inline]
pub fn required_reduction(envelope: f64, ceiling: f64) -> f64 {
    if envelope > ceiling {
        1.0 - ceiling / envelope
    } else {
        0.0
    }
}

/// Maximum of the last `window` values: a monotone deque in a ring, amortised O(1).
#[derive(Clone, Debug)]
struct SlidingMaximum {
    window: u64,
    mask: usize,
    /// Decreasing values and the number of the push that brought each.
    ring: Vec<(f64, u64)>,
    front: usize,
    len: usize,
    pushes: u64,
}

impl SlidingMaximum {
    fn new(window: usize) -> Self {
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
    fn push(&mut self, value: f64) -> f64 {
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

    fn reset(&mut self) {
        self.front = 0;
        self.len = 0;
        self.pushes = 0;
    }
}

/// Two-stage release: what stands above the recent average of the reduction goes fast, the
/// average itself goes slowly. A lone transient is let go at once, dense material is not pumped.
#[derive(Clone, Debug)]
struct Release {
    fast: f64,
    slow: f64,
    reduction: f64,
    average: f64,
}

impl Release {
    fn new(release_ms: f64, rate_hz: f64) -> Self {
        let keep = |ms: f64| libm::exp(-1000.0 / (ms.max(0.001) * rate_hz));
        Self {
            fast: keep(FAST_RELEASE_MS.min(release_ms)),
            slow: 1.0 - keep(release_ms),
            reduction: 0.0,
            average: 0.0,
        }
    }

    #[inline]
    fn next_reduction(&mut self, required: f64) -> f64 {
        self.average += self.slow * (required - self.average);
        let released = self.average + self.fast * (self.reduction - self.average);
        self.reduction = required.max(released);
        if self.reduction < REST {
            self.reduction = 0.0;
            self.average = 0.0;
        }
        self.reduction
    }

    fn reset(&mut self) {
        self.reduction = 0.0;
        self.average = 0.0;
    }
}

/// Three moving averages in cascade, in integers: exact, without drift.
#[derive(Clone, Debug)]
struct BoxCascade {
    boxes: [RunningSum; 3],
    /// What the cascade gives for a constant [`ONE`].
    unity: i64,
}

impl BoxCascade {
    /// A kernel of `support` frames.
    fn new(support: usize) -> Self {
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

    /// Takes a reduction, returns the smoothed gain, rounded down.
    #[inline]
    fn push(&mut self, reduction: f64) -> f64 {
        let mut value = ((1.0 - reduction) * ONE as f64) as i64;
        for running in &mut self.boxes {
            value = running.push(value);
        }
        value as f64 / self.unity as f64
    }

    fn reset(&mut self) {
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

    #[inline]
    fn push(&mut self, value: i64) -> i64 {
        self.sum += value - self.ring[self.position];
        self.ring[self.position] = value;
        self.position += 1;
        if self.position == self.ring.len() {
            self.position = 0;
        }
        self.sum
    }

    /// As if `value` had always come; returns the sum.
    fn fill(&mut self, value: i64) -> i64 {
        self.ring.fill(value);
        self.position = 0;
        self.sum = value * self.ring.len() as i64;
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: GainLaw = GainLaw {
        lookahead_ms: 2.0,
        hold_ms: HOLD_MS,
        release_ms: 200.0,
    };

    /// A fixed pseudo-random sequence in 0..1.
    fn noise(length: usize) -> Vec<f64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                (state >> 11) as f64 / (1u64 << 53) as f64
            })
            .collect()
    }

    fn gains(law: &GainLaw, rate_hz: f64, required: &[f64]) -> Vec<f64> {
        let mut computer = GainComputer::new(law, rate_hz);
        let delay = computer.delay_frames();
        required
            .iter()
            .copied()
            .chain(std::iter::repeat_n(0.0, delay))
            .map(|r| computer.next_gain(r))
            .skip(delay)
            .collect()
    }

    #[test]
    fn the_sliding_maximum_is_the_maximum_of_the_window() {
        for window in [1, 2, 3, 7, 64] {
            let values = noise(500);
            let mut sliding = SlidingMaximum::new(window);
            for (index, &value) in values.iter().enumerate() {
                let start = (index + 1).saturating_sub(window);
                let expected = values[start..=index].iter().copied().fold(0.0, f64::max);
                assert_eq!(sliding.push(value), expected, "window {window} at {index}");
            }
        }
    }

    #[test]
    fn the_gain_is_never_above_the_required_one() {
        for lookahead_ms in [0.5, 1.0, 2.0, 10.0] {
            let law = GainLaw {
                lookahead_ms,
                ..LAW
            };
            let required: Vec<f64> = noise(20_000)
                .iter()
                .map(|x| if *x > 0.999 { x * 0.9 } else { 0.0 })
                .collect();
            for (need, gain) in required.iter().zip(gains(&law, 44_100.0, &required)) {
                assert!(gain <= 1.0 - need, "needs {need}, got a gain of {gain}");
            }
        }
    }

    #[test]
    fn a_lone_peak_reaches_its_depth_exactly_and_no_more() {
        let mut required = vec![0.0; 30_000];
        required[5000] = 0.5;
        let gains = gains(&LAW, 48_000.0, &required);
        let deepest = gains.iter().copied().fold(1.0, f64::min);
        assert!((deepest - 0.5).abs() < 1e-8, "{deepest}");
        assert_eq!(gains[5000 - 97], 1.0, "nothing before the look-ahead");
        assert!(gains[5000 - 90] < 1.0);
        // 720 frames of hold, then the release: fast down to what the average has gathered.
        assert!((gains[5000 + 600] - 0.5).abs() < 1e-8);
        assert!(gains[5000 + 720 + 2400] > 0.75);
        assert!(gains[5000 + 720 + 4 * 2400] > 0.95);
    }

    #[test]
    fn the_gain_has_no_step() {
        let mut required = vec![0.0; 30_000];
        required[5000] = 0.75;
        let gains = gains(&LAW, 48_000.0, &required);
        let steepest = gains
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f64::max);
        // A straight line over the 96 frames of look-ahead is 0.0078 a frame, the cascade's bell
        // about twice that.
        assert!(steepest < 0.017, "{steepest}");
        let sharpest = gains
            .windows(3)
            .map(|w| (w[2] - 2.0 * w[1] + w[0]).abs())
            .fold(0.0, f64::max);
        assert!(sharpest < 0.001, "{sharpest}");
    }

    #[test]
    fn sums_come_back_to_exactly_one_after_long_work() {
        let mut required = noise(400_000);
        required.extend(vec![0.0; 48_000 * 8]);
        let gains = gains(&LAW, 48_000.0, &required);
        assert_eq!(gains.last(), Some(&1.0));
    }

    #[test]
    fn dense_material_is_released_slowly_and_a_transient_fast() {
        let rate_hz = 1000.0;
        let after_ms = |length: usize| {
            let mut required = vec![0.5; length];
            required.extend(vec![0.0; 1000]);
            let gains = gains(&LAW, rate_hz, &required);
            gains[length + HOLD_MS as usize + 100]
        };
        let (transient, dense) = (after_ms(2), after_ms(2000));
        assert!(transient > 0.9, "{transient}");
        assert!(dense < 0.75, "{dense}");
    }
}
