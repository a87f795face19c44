//! [`GainStages`]: the limiter's two gains, one for the bass and one for everything.
//!
//! A gain that is quick enough to be clean on transients bends a bass tone that stands over the
//! ceiling by itself: it follows the wave. So what the low band alone would need is taken first by
//! a gain that is far too slow for that (the guard), and the quick gain takes only what is left.
//! Where the bass stays below the ceiling, the guard does nothing.
//!
//! [`Limiter`](super::Limiter) runs the stages at the sample rate and [`solve`](crate::solve) runs
//! the very same code on its arrays.

use super::gain::{GainComputer, GainLaw, required_reduction};
use crate::measure::biquad::{Biquad, Coefficients};

/// Upper corner of the low band, Hz.
const CORNER_HZ: f64 = 250.0;
/// Quality factors of the two sections of a Butterworth low-pass of fourth order.
const SECTION_Q: [f64; 2] = [0.541_196_1, 1.306_563];
/// Delay of the low band at its low end, in periods of the corner: the sum of 1/(2π·Q·f).
const DELAY_PERIODS: f64 = 0.415_9;
/// The guard works on slightly more than the low band, so that its ripple leaves nothing to the
/// quick gain.
const MARGIN: f64 = 1.02;
/// The guard's law: two crests of 35 Hz are bridged, and it comes back without a sound.
const GUARD: GainLaw = GainLaw {
    lookahead_ms: 5.0,
    hold_ms: 15.0,
    fast_release_ms: 50.0,
    release_ms: 200.0,
};

/// The low band of a signal and its level.
#[derive(Clone, Debug)]
pub(crate) struct LowBand {
    sections: [Biquad; 2],
    delay_frames: usize,
    frames: u64,
}

/// Frames between two places where a silent filter is set to rest.
const SETTLE_FRAMES: u64 = 256;

impl LowBand {
    pub(crate) fn new(sample_rate_hz: f64) -> Self {
        // Below 1 kHz the whole signal is bass, and the bilinear transform ends at half the rate.
        let corner_hz = CORNER_HZ.min(0.25 * sample_rate_hz);
        Self {
            sections: SECTION_Q
                .map(|q| Biquad::new(Coefficients::low_pass_q(corner_hz, q, sample_rate_hz))),
            delay_frames: libm::round(DELAY_PERIODS * sample_rate_hz / corner_hz) as usize,
            frames: 0,
        }
    }

    /// Back to the state just after construction.
    pub(crate) fn reset(&mut self) {
        self.sections.iter_mut().for_each(Biquad::reset);
        self.frames = 0;
    }

    /// Frames by which the level comes after the signal.
    pub(crate) fn delay_frames(&self) -> usize {
        self.delay_frames
    }

    /// Largest absolute value over both channels of the next frame's low band, linear.
    #[inline]
    pub(crate) fn step(&mut self, frame: [f64; 2]) -> f64 {
        let [first, second] = &mut self.sections;
        let [left, right] = second.step(first.step(frame));
        self.frames += 1;
        if self.frames.is_multiple_of(SETTLE_FRAMES) {
            self.sections.iter_mut().for_each(Biquad::settle);
        }
        left.abs().max(right.abs())
    }
}

/// The guard and the quick gain.
#[derive(Clone, Debug)]
pub(crate) struct GainStages {
    ceiling: f64,
    guard: GainComputer,
    quick: GainComputer,
    /// Peaks that wait for the guard's gain.
    peaks: Delay,
    /// The guard's gains that wait for the quick one.
    guards: Delay,
}

impl GainStages {
    /// For `rate_hz` values a second and a ceiling (linear). `width_ms` is taken off
    /// the look-aheads: how wide one value is.
    pub(crate) fn new(law: &GainLaw, ceiling: f64, rate_hz: f64, width_ms: f64) -> Self {
        let corrected = |law: &GainLaw| GainLaw {
            lookahead_ms: law.lookahead_ms - width_ms,
            ..*law
        };
        let guard = GainComputer::new(&corrected(&GUARD), rate_hz);
        let quick = GainComputer::new(&corrected(law), rate_hz);
        Self {
            ceiling,
            peaks: Delay::new(guard.delay_frames(), 0.0),
            guards: Delay::new(quick.delay_frames(), 1.0),
            guard,
            quick,
        }
    }

    /// Values between a peak and its gain.
    pub(crate) fn delay_frames(&self) -> usize {
        self.guard.delay_frames() + self.quick.delay_frames()
    }

    /// Takes the next peak of the signal and of its low band (linear, drive included), and returns
    /// the gain of the frame [`delay_frames`](Self::delay_frames) before it.
    #[inline]
    pub(crate) fn next_gain(&mut self, peak: f64, low_peak: f64) -> f64 {
        let guard = self
            .guard
            .next_gain(required_reduction(MARGIN * low_peak, self.ceiling));
        let left = self.peaks.push(peak) * guard;
        let quick = self.quick.next_gain(required_reduction(left, self.ceiling));
        self.guards.push(guard) * quick
    }

    /// Back to the state just after construction.
    pub(crate) fn reset(&mut self) {
        self.guard.reset();
        self.quick.reset();
        self.peaks.fill(0.0);
        self.guards.fill(1.0);
    }
}

/// A delay line of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Delay {
    ring: Vec<f64>,
    position: usize,
}

impl Delay {
    /// A line of `length` values, full of `value`.
    pub(crate) fn new(length: usize, value: f64) -> Self {
        Self {
            ring: vec![value; length],
            position: 0,
        }
    }

    /// Takes a value and returns the one that came `length` pushes before.
    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> f64 {
        match self.ring.get_mut(self.position) {
            Some(slot) => {
                let oldest = std::mem::replace(slot, value);
                self.position += 1;
                if self.position == self.ring.len() {
                    self.position = 0;
                }
                oldest
            }
            None => value,
        }
    }

    /// As if `value` had always come.
    pub(crate) fn fill(&mut self, value: f64) {
        self.ring.fill(value);
        self.position = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 44_100.0;

    fn level_of(freq_hz: f64) -> f64 {
        let mut low = LowBand::new(RATE_HZ);
        let angle = |n: usize| std::f64::consts::TAU * freq_hz * n as f64 / RATE_HZ;
        (0..44_100)
            .map(|n| low.step([libm::sin(angle(n)), 0.0]))
            .skip(22_050)
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_low_band_is_flat_in_the_bass_and_gone_in_the_treble() {
        for freq_hz in [30.0, 60.0, 120.0] {
            assert!(
                (level_of(freq_hz) - 1.0).abs() < MARGIN - 1.0,
                "{freq_hz} Hz"
            );
        }
        assert!((level_of(CORNER_HZ) - 0.5f64.sqrt()).abs() < 0.01);
        assert!(level_of(1000.0) < 0.01);
    }

    #[test]
    fn the_low_band_comes_late_by_what_it_says() {
        let mut low = LowBand::new(RATE_HZ);
        let (mut sum, mut moment) = (0.0, 0.0);
        for n in 0..4410 {
            let input = if n == 0 { 1.0 } else { 0.0 };
            let [first, second] = &mut low.sections;
            let [value, _] = second.step(first.step([input, 0.0]));
            sum += value;
            moment += value * n as f64;
        }
        let delay = moment / sum;
        assert!((delay - low.delay_frames() as f64).abs() < 2.0, "{delay}");
    }

    #[test]
    fn a_bass_over_the_ceiling_is_left_to_the_guard() {
        let law = GainLaw {
            lookahead_ms: 1.0,
            hold_ms: 0.0,
            fast_release_ms: 1.0,
            release_ms: 400.0,
        };
        let mut stages = GainStages::new(&law, 0.5, RATE_HZ, 0.0);
        let gains: Vec<f64> = (0..44_100)
            .map(|n| {
                let crest = (f64::from(n) * std::f64::consts::TAU * 50.0 / RATE_HZ)
                    .sin()
                    .abs();
                stages.next_gain(crest, crest)
            })
            .skip(22_050)
            .collect();
        let low = gains.iter().copied().fold(1.0, f64::min);
        let high = gains.iter().copied().fold(0.0, f64::max);
        assert!(
            high - low < 1e-6 && (low - 0.5 / MARGIN).abs() < 1e-3,
            "{low} {high}"
        );
    }

    #[test]
    fn a_delay_gives_back_what_came_before() {
        let mut delay = Delay::new(3, 7.0);
        let out: Vec<f64> = (0..5).map(|n| delay.push(f64::from(n))).collect();
        assert_eq!(out, [7.0, 7.0, 7.0, 0.0, 1.0]);
        assert_eq!(Delay::new(0, 1.0).push(2.0), 2.0);
    }
}
