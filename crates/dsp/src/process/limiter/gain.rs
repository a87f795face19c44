//! The limiter's gain law: from the gain that each frame needs to the gain that it gets.
//!
//! Required reduction → closing (valleys shorter than the hold are filled) and sliding maximum over
//! the look-ahead → two-stage release → three box filters in cascade. The boxes' total support is
//! the look-ahead, every value in it is at least the reduction that the frame needs, and an average
//! of such values is too: the gain is never above the required one.
//!
//! Reductions are linear, `1 - gain`: 0 does nothing, 1 is silence.

use super::moving_average::MovingAverages;
use super::sliding::Closing;

/// Reductions below this (-180 dB) are at rest.
const REST: f64 = 1e-9;

/// The time constants of a gain law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GainLaw {
    /// Time in which the gain comes down, ms.
    pub lookahead_ms: f64,
    /// Between peaks that are no further apart than this it stays down, ms.
    pub hold_ms: f64,
    /// Time constant of the fast part of the release, ms (a shorter slow part shortens it too).
    pub fast_release_ms: f64,
    /// Time constant of the slow part of the release, ms.
    pub release_ms: f64,
}

/// Turns a stream of required reductions into a stream of smooth ones.
#[derive(Clone, Debug)]
pub struct GainComputer {
    delay_frames: usize,
    closing: Closing,
    release: Release,
    smooth: MovingAverages,
    /// Values without a reduction after which nothing of an earlier one is remembered.
    memory: usize,
    /// How many of them have come.
    quiet: usize,
}

impl GainComputer {
    /// For `rate_hz` frames a second.
    pub fn new(law: &GainLaw, rate_hz: f64) -> Self {
        let frames = |ms: f64| libm::round(ms.max(0.0) * rate_hz / 1000.0) as usize;
        let support = frames(law.lookahead_ms) + 1;
        let hold = frames(law.hold_ms);
        Self {
            delay_frames: support - 1 + hold,
            closing: Closing::new(support, hold),
            release: Release::new(law.fast_release_ms, law.release_ms, rate_hz),
            smooth: MovingAverages::new(support),
            memory: 2 * (support + hold),
            quiet: usize::MAX,
        }
    }

    /// Frames between a required reduction and the gain of that frame.
    pub fn delay_frames(&self) -> usize {
        self.delay_frames
    }

    /// Takes the reductions that the next frames need, and puts in their places the gains of the
    /// frames [`delay_frames`](Self::delay_frames) before them (1 before the first).
    pub fn process(&mut self, values: &mut [f64]) {
        let needless = zeros_at_end(values);
        if needless == values.len() && self.quiet >= self.memory {
            // Nothing would change but the places in rings full of one value.
            values.fill(1.0);
            return;
        }
        self.closing.process(values);
        self.release.process(values);
        let quiet = needless.min(zeros_at_end(values));
        self.quiet = if quiet == values.len() {
            self.quiet.saturating_add(quiet)
        } else {
            quiet
        };
        self.smooth.process(values);
    }

    /// Back to the state just after construction.
    pub fn reset(&mut self) {
        self.closing.reset();
        self.release.reset();
        self.smooth.reset();
        self.quiet = usize::MAX;
    }
}

/// How many of the last values are zero.
fn zeros_at_end(values: &[f64]) -> usize {
    values
        .iter()
        .rev()
        .take_while(|&&value| value == 0.0)
        .count()
}

/// The reduction that a frame with this envelope needs under a ceiling (both linear). An
/// envelope that is not a number needs none.
#[inline(always)]
pub fn required_reduction(envelope: f64, ceiling: f64) -> f64 {
    if envelope > ceiling {
        1.0 - ceiling / envelope
    } else {
        0.0
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
    fn new(fast_release_ms: f64, release_ms: f64, rate_hz: f64) -> Self {
        let keep = |ms: f64| libm::exp(-1000.0 / (ms.max(0.001) * rate_hz));
        Self {
            fast: keep(fast_release_ms.min(release_ms)),
            slow: 1.0 - keep(release_ms),
            reduction: 0.0,
            average: 0.0,
        }
    }

    /// Turns held reductions into released ones.
    fn process(&mut self, values: &mut [f64]) {
        let Self { fast, slow, .. } = *self;
        let (mut reduction, mut average) = (self.reduction, self.average);
        for value in values {
            let required = *value;
            // In this form each value waits for one product and one sum of the last.
            average = (1.0 - slow) * average + slow * required;
            let released = (1.0 - fast) * average + fast * reduction;
            reduction = if required > released {
                required
            } else {
                released
            };
            if reduction < REST {
                (reduction, average) = (0.0, 0.0);
            }
            *value = reduction;
        }
        (self.reduction, self.average) = (reduction, average);
    }

    fn reset(&mut self) {
        self.reduction = 0.0;
        self.average = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::shares;

    const LAW: GainLaw = GainLaw {
        lookahead_ms: 2.0,
        hold_ms: 15.0,
        fast_release_ms: 50.0,
        release_ms: 200.0,
    };

    fn gains(law: &GainLaw, rate_hz: f64, required: &[f64]) -> Vec<f64> {
        let mut computer = GainComputer::new(law, rate_hz);
        let delay = computer.delay_frames();
        let mut values = required.to_vec();
        values.resize(required.len() + delay, 0.0);
        for (index, piece) in values.chunks_mut(501).enumerate() {
            // Uneven pieces: the gains must not depend on them.
            let (first, second) = piece.split_at_mut(piece.len().min(1 + 37 * (index % 5)));
            computer.process(first);
            computer.process(second);
        }
        values.split_off(delay)
    }

    #[test]
    fn an_idle_computer_gives_what_a_busy_one_does() {
        let mut required = vec![0.0; 80_000];
        for at in [1000, 50_000, 50_700] {
            required[at] = 0.3;
        }
        let law = GainLaw {
            release_ms: 10.0,
            fast_release_ms: 1.0,
            ..LAW
        };
        let mut whole = required.clone();
        // One piece is never idle as a whole.
        GainComputer::new(&law, 44_100.0).process(&mut whole);
        let mut pieces = required;
        let mut computer = GainComputer::new(&law, 44_100.0);
        pieces
            .chunks_mut(64)
            .for_each(|piece| computer.process(piece));
        assert!(computer.quiet >= computer.memory);
        assert_eq!(whole, pieces);
    }

    #[test]
    fn the_gain_is_never_above_the_required_one() {
        for lookahead_ms in [0.5, 1.0, 2.0, 10.0] {
            let law = GainLaw {
                lookahead_ms,
                ..LAW
            };
            let required: Vec<f64> = shares(20_000, 1)
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
        // No second peak, so no hold; the release goes fast down to what the average has gathered.
        assert!(gains[5000 + 2400] > 0.75);
        assert!(gains[5000 + 4 * 2400] > 0.95);
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
        let mut required = shares(400_000, 1);
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
            gains[length + 100]
        };
        let (transient, dense) = (after_ms(2), after_ms(2000));
        assert!(transient > 0.9, "{transient}");
        assert!(dense < 0.75, "{dense}");
    }

    #[test]
    fn between_peaks_within_the_hold_the_gain_stands_still() {
        let rate_hz = 48_000.0;
        // Crests of a 50 Hz tone: one every 10 ms.
        let required: Vec<f64> = (0..48_000)
            .map(|n| if n % 480 == 0 { 0.5 } else { 0.0 })
            .collect();
        let held = gains(&LAW, rate_hz, &required);
        assert!(
            held[4800..43_200]
                .iter()
                .all(|gain| (gain - 0.5).abs() < 1e-8)
        );
        let short = GainLaw {
            hold_ms: 5.0,
            ..LAW
        };
        let moving = gains(&short, rate_hz, &required);
        assert!(moving[4800..43_200].iter().any(|&gain| gain > 0.55));
    }
}
