//! [`GainStages`]: the limiter's two gains, one for the bass and one for the whole band.
//!
//! A gain that is quick enough to be clean on transients bends a bass tone that stands over the
//! ceiling by itself: it follows the wave. So what the low band alone would need is taken first by
//! a gain that is far too slow for that (the bass gain), and the broadband gain takes only what is left.
//! Where the bass stays below the ceiling, the bass gain does nothing.
//!
//! [`Limiter`](super::Limiter) runs the stages at the sample rate and [`solve`](crate::solve) runs
//! the very same code on its arrays.

use super::gain::{GainComputer, GainLaw, required_reduction};
use crate::Audio;
use crate::measure::biquad::{Biquad, Coefficients, Frame};

/// Upper corner of the low band, Hz.
const CORNER_HZ: f64 = 250.0;
/// Quality factors of the two sections of a Butterworth low-pass of fourth order.
const SECTION_Q: [f64; 2] = [0.541_196_1, 1.306_563];
/// Delay of the low band at its low end, in periods of the corner: the sum of 1/(2π·Q·f).
const DELAY_PERIODS: f64 = 0.415_9;
/// The bass gain works on slightly more than the low band, so that its ripple leaves nothing to the
/// broadband gain.
const MARGIN: f64 = 1.02;
/// Its law: two crests of 35 Hz are bridged, and it comes back without a sound.
const BASS_LAW: GainLaw = GainLaw {
    lookahead_ms: 5.0,
    hold_ms: 15.0,
    fast_release_ms: 50.0,
    release_ms: 200.0,
};

/// Values a second of the low band's level, in corners: enough to meet a crest within
/// [`MARGIN`].
const LEVELS_PER_PERIOD: f64 = 20.0;
/// Levels between two places where a silent filter is set to rest.
const SETTLE_LEVELS: u64 = 32;

/// The level of a signal's low band, found at a low rate: of means over a few frames, filtered.
#[derive(Clone, Debug)]
pub(crate) struct LowBand {
    sections: [Biquad; 2],
    delay_frames: usize,
    /// Frames in a mean.
    group: usize,
    /// Frames that the present mean still lacks.
    missing: usize,
    sums: Frame,
    levels: u64,
    level: f32,
}

impl LowBand {
    pub(crate) fn new(sample_rate_hz: f64) -> Self {
        // Below 1 kHz the whole signal is bass, and the bilinear transform ends at half the rate.
        let corner_hz = CORNER_HZ.min(0.25 * sample_rate_hz);
        let group = ((sample_rate_hz / (LEVELS_PER_PERIOD * corner_hz)) as usize).max(1);
        let rate_hz = sample_rate_hz / group as f64;
        // A mean stands in the middle of its frames, and is held while the next one is gathered.
        let filter_frames = DELAY_PERIODS * sample_rate_hz / corner_hz;
        Self {
            sections: SECTION_Q
                .map(|q| Biquad::new(Coefficients::low_pass_q(corner_hz, q, rate_hz))),
            delay_frames: libm::round(filter_frames) as usize + group - 1,
            group,
            missing: group,
            sums: [0.0; 2],
            levels: 0,
            level: 0.0,
        }
    }

    /// Back to the state just after construction.
    pub(crate) fn reset(&mut self) {
        self.sections.iter_mut().for_each(Biquad::reset);
        self.missing = self.group;
        self.sums = [0.0; 2];
        self.levels = 0;
        self.level = 0.0;
    }

    /// Frames by which the level comes after the signal.
    pub(crate) fn delay_frames(&self) -> usize {
        self.delay_frames
    }

    /// Largest absolute value over both channels of the low band of each frame, linear; `levels` is
    /// as long as `input`.
    pub(crate) fn process(&mut self, input: &Audio, levels: &mut [f32]) {
        debug_assert_eq!(input.frames(), levels.len());
        let mut at = 0;
        while at < levels.len() {
            let end = (at + self.missing).min(levels.len());
            // One by one, so that the sums do not depend on the blocks.
            let add = |sum: &mut f64, x: f32| *sum += f64::from(x);
            let [mut first, mut second] = self.sums;
            match input.channels() {
                [left, right] => {
                    for (&left, &right) in left[at..end].iter().zip(&right[at..end]) {
                        add(&mut first, left);
                        add(&mut second, right);
                    }
                }
                [mono, ..] => mono[at..end].iter().for_each(|&x| add(&mut first, x)),
                [] => {}
            }
            self.sums = [first, second];
            levels[at..end].fill(self.level);
            self.missing -= end - at;
            if self.missing == 0 {
                self.next_level();
            }
            at = end;
        }
    }

    fn next_level(&mut self) {
        let mean = self.sums.map(|sum| sum / self.group as f64);
        let [first, second] = &mut self.sections;
        let [left, right] = second.step(first.step(mean));
        self.level = left.abs().max(right.abs()) as f32;
        self.levels += 1;
        if self.levels.is_multiple_of(SETTLE_LEVELS) {
            self.sections.iter_mut().for_each(Biquad::settle);
        }
        self.missing = self.group;
        self.sums = [0.0; 2];
    }
}

/// The bass gain and the broadband gain.
#[derive(Clone, Debug)]
pub(crate) struct GainStages {
    ceiling: f64,
    bass: GainComputer,
    broadband: GainComputer,
    /// Peaks that wait for the bass gain.
    peaks: Delay,
    /// Bass gains that wait for the broadband gain.
    bass_gains: Delay,
}

impl GainStages {
    /// For `rate_hz` values a second and a ceiling (linear). `width_ms` is taken off
    /// the look-aheads: how wide one value is.
    pub(crate) fn new(law: &GainLaw, ceiling: f64, rate_hz: f64, width_ms: f64) -> Self {
        let corrected = |law: &GainLaw| GainLaw {
            lookahead_ms: law.lookahead_ms - width_ms,
            ..*law
        };
        let bass = GainComputer::new(&corrected(&BASS_LAW), rate_hz);
        let broadband = GainComputer::new(&corrected(law), rate_hz);
        Self {
            ceiling,
            peaks: Delay::new(bass.delay_frames(), 0.0),
            bass_gains: Delay::new(broadband.delay_frames(), 1.0),
            bass,
            broadband,
        }
    }

    /// Values between a peak and its gain.
    pub(crate) fn delay_frames(&self) -> usize {
        self.bass.delay_frames() + self.broadband.delay_frames()
    }

    /// Takes the next peaks of the signal and of its low band (linear, drive included), and puts in
    /// the places of the former the gains of the frames
    /// [`delay_frames`](Self::delay_frames) before them. The latter are used up.
    pub(crate) fn process(&mut self, peaks: &mut [f64], low_peaks: &mut [f64]) {
        debug_assert_eq!(peaks.len(), low_peaks.len());
        let ceiling = self.ceiling;
        for value in &mut *low_peaks {
            *value = required_reduction(MARGIN * *value, ceiling);
        }
        self.bass.process(low_peaks);
        self.peaks.process(peaks);
        for (peak, bass) in peaks.iter_mut().zip(&*low_peaks) {
            *peak = required_reduction(*peak * bass, ceiling);
        }
        self.broadband.process(peaks);
        self.bass_gains.process(low_peaks);
        for (gain, bass) in peaks.iter_mut().zip(&*low_peaks) {
            *gain *= bass;
        }
    }

    /// Back to the state just after construction.
    pub(crate) fn reset(&mut self) {
        self.bass.reset();
        self.broadband.reset();
        self.peaks.fill(0.0);
        self.bass_gains.fill(1.0);
    }
}

/// A delay line of numbers.
#[derive(Clone, Debug)]
struct Delay {
    ring: Vec<f64>,
    position: usize,
}

impl Delay {
    /// A line of `length` values, full of `value`.
    fn new(length: usize, value: f64) -> Self {
        Self {
            ring: vec![value; length],
            position: 0,
        }
    }

    /// Puts in the places of the next values those that came `length` before them.
    fn process(&mut self, mut values: &mut [f64]) {
        while !values.is_empty() && !self.ring.is_empty() {
            let room = self.ring.len() - self.position;
            let (now, later) = values.split_at_mut(room.min(values.len()));
            self.ring[self.position..self.position + now.len()].swap_with_slice(now);
            self.position = (self.position + now.len()) % self.ring.len();
            values = later;
        }
    }

    /// As if `value` had always come.
    fn fill(&mut self, value: f64) {
        self.ring.fill(value);
        self.position = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 44_100.0;

    /// Levels of the low band of one second.
    fn levels(signal: impl Fn(f64) -> f64) -> Vec<f32> {
        let samples = (0..44_100).map(|n| signal(f64::from(n) / RATE_HZ) as f32);
        let audio = Audio::new(44_100, vec![samples.collect()]).unwrap();
        let mut levels = vec![0.0; audio.frames()];
        LowBand::new(RATE_HZ).process(&audio, &mut levels);
        levels
    }

    fn level_of(freq_hz: f64) -> f64 {
        let tone = levels(|t_s| libm::sin(std::f64::consts::TAU * freq_hz * t_s));
        f64::from(tone[22_050..].iter().copied().fold(0.0, f32::max))
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
        // The center of a swell of 10 ms.
        let swell = levels(|t_s| libm::exp(-(t_s - 0.5).powi(2) / (2.0 * 0.01f64.powi(2))));
        let (mut sum, mut moment) = (0.0, 0.0);
        for (n, &level) in swell.iter().enumerate() {
            sum += f64::from(level);
            moment += f64::from(level) * n as f64;
        }
        let delay = moment / sum - 22_050.0;
        let said = LowBand::new(RATE_HZ).delay_frames() as f64;
        assert!((delay - said).abs() < 2.0, "{delay} {said}");
    }

    #[test]
    fn levels_do_not_depend_on_the_blocks() {
        let audio = |range: std::ops::Range<usize>| {
            let samples = range.map(|n| ((n * n) % 97) as f32 / 97.0 - 0.5).collect();
            Audio::new(44_100, vec![samples]).unwrap()
        };
        let mut whole = vec![0.0; 1000];
        LowBand::new(RATE_HZ).process(&audio(0..1000), &mut whole);
        let mut pieces = vec![0.0; 1000];
        let mut low = LowBand::new(RATE_HZ);
        for start in (0..1000).step_by(37) {
            let end = (start + 37).min(1000);
            low.process(&audio(start..end), &mut pieces[start..end]);
        }
        assert_eq!(whole, pieces);
    }

    #[test]
    fn a_bass_over_the_ceiling_is_left_to_the_bass_gain() {
        let law = GainLaw {
            lookahead_ms: 1.0,
            hold_ms: 0.0,
            fast_release_ms: 1.0,
            release_ms: 400.0,
        };
        let mut stages = GainStages::new(&law, 0.5, RATE_HZ, 0.0);
        let crest = |n: i32| libm::sin(f64::from(n) * std::f64::consts::TAU * 50.0 / RATE_HZ).abs();
        let mut gains: Vec<f64> = (0..44_100).map(crest).collect();
        let mut low_peaks = gains.clone();
        stages.process(&mut gains, &mut low_peaks);
        let gains = gains.split_off(22_050);
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
        let mut values = [0.0, 1.0, 2.0, 3.0, 4.0];
        let (first, second) = values.split_at_mut(1);
        delay.process(first);
        delay.process(second);
        assert_eq!(values, [7.0, 7.0, 7.0, 0.0, 1.0]);
        let mut values = [2.0];
        Delay::new(0, 1.0).process(&mut values);
        assert_eq!(values, [2.0]);
    }
}
