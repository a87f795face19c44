//! [`VoiceEvidence`]: whether sibilants are a voice's, or hi-hats, shakers and snares in the middle of the image.
//!
//! A drum comes again where the beat does, so that its loud frames meet themselves after some lag; words do not. And
//! where a voice says an S, nothing else begins: the band stands out of its surroundings, and the range of the voice's
//! vowels does not. A snare lifts both, and a hi-hat that comes with every beat hardly stands out of its surroundings.
//!
//! In programs of more than about six minutes band frames are further apart than two beats of a hi-hat may be, and
//! repetition says less.

use super::{THIRD_OCTAVES, level_db};
use crate::Analysis;
use crate::numeric::median;

/// Third octaves of the vowels: 315 Hz to 2.5 kHz.
const VOWELS: std::ops::Range<usize> = 12..22;
/// Lags at which a beat may come again, s.
const LAGS_S: (f64, f64) = (0.2, 4.0);
/// Surroundings on either side, s …
const SURROUNDINGS_S: f64 = 0.75;
/// … and at least so many frames.
const LEAST_SURROUNDINGS: usize = 4;

/// Logistic model, fitted by `check voices ROWS` (`crates/check/fit/voices.rs`): the logit at 0 …
const AT_ZERO: f64 = 0.69;
/// … for each unit of repetition …
const PER_REPETITION: f64 = -10.46;
/// … and for each dB of prominence.
const PER_PROMINENCE_DB: f64 = 0.186;

/// What tells a voice's sibilants from drums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceEvidence {
    /// Highest correlation of the loud sibilants' places with themselves 0.2 to 4 s later: 1 for a machine's beat.
    pub repetition: f64,
    /// How far the band rises over its surroundings in time beyond what the vowels' range does, dB; the median.
    pub prominence_db: f64,
}

impl VoiceEvidence {
    /// Of the loud sibilants at `places` among frames whose bands have these levels.
    pub(super) fn of(
        analysis: &Analysis,
        levels_db: &[f64],
        places: &[usize],
        gains: &[f64; THIRD_OCTAVES],
    ) -> Self {
        let sequences = &analysis.sequences;
        let spacing_s =
            sequences.band_spacing_frames as f64 / f64::from(analysis.sample_rate_hz.max(1));
        let frames = &sequences.band_frames;
        let vowels_db: Vec<f64> = frames
            .iter()
            .map(|frame| level_db(&frame.mid_db, VOWELS, gains))
            .collect();
        let reach = ((SURROUNDINGS_S / spacing_s) as usize).max(LEAST_SURROUNDINGS);
        let mut prominence_db: Vec<f64> = places
            .iter()
            .map(|&place| rise_db(levels_db, place, reach) - rise_db(&vowels_db, place, reach))
            .collect();
        Self {
            repetition: repetition(places, levels_db.len(), spacing_s),
            prominence_db: median(&mut prominence_db).unwrap_or(0.0),
        }
    }

    /// Probability that the sibilants are a voice's, 0 to 1, if voices make three of four programs that have such.
    pub fn probability(&self) -> f64 {
        let logit =
            AT_ZERO + PER_REPETITION * self.repetition + PER_PROMINENCE_DB * self.prominence_db;
        1.0 / (1.0 + libm::exp(-logit))
    }
}

/// How far a level stands over the median of its surroundings, dB.
fn rise_db(levels_db: &[f64], place: usize, reach: usize) -> f64 {
    let until = (place + reach + 1).min(levels_db.len());
    let mut around = levels_db[place.saturating_sub(reach)..until].to_vec();
    median(&mut around).map_or(0.0, |usual_db| levels_db[place] - usual_db)
}

/// The highest autocorrelation of what is 1 at `places` and 0 at all others of `count` frames.
fn repetition(places: &[usize], count: usize, spacing_s: f64) -> f64 {
    let mut marks = vec![0.0; count];
    let mean = places.len() as f64 / count.max(1) as f64;
    marks.fill(-mean);
    for &place in places {
        marks[place] = 1.0 - mean;
    }
    let at = |lag: usize| -> f64 {
        let pairs = marks.iter().zip(marks.iter().skip(lag));
        pairs.map(|(now, later)| now * later).sum()
    };
    let first = (libm::ceil(LAGS_S.0 / spacing_s) as usize).max(1);
    let last = ((LAGS_S.1 / spacing_s) as usize).min(count.saturating_sub(1));
    let most = (first..=last).map(at).fold(0.0, f64::max);
    most / at(0).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::super::Sibilance;
    use super::VoiceEvidence;
    use crate::measure::bands::THIRD_OCTAVES;
    use crate::measure::biquad::{Biquad, Coefficients};
    use crate::signal::Random;
    use crate::stream::AudioSource;
    use crate::{Audio, analyze};

    const RATE_HZ: u32 = 44_100;
    const LENGTH_S: f64 = 40.0;

    /// Noise through a band.
    fn noise(from_hz: f64, to_hz: f64, gain: f64, seed: u64) -> Vec<f64> {
        let rate_hz = f64::from(RATE_HZ);
        let mut filters = [
            Biquad::new(Coefficients::high_pass(from_hz, rate_hz)),
            Biquad::new(Coefficients::low_pass(to_hz, rate_hz)),
            Biquad::new(Coefficients::low_pass(to_hz, rate_hz)),
        ];
        let mut random = Random::new(seed);
        let count = (LENGTH_S * rate_hz) as usize;
        let samples = (0..count).map(|_| {
            let x = [gain * random.bipolar(), 0.0];
            filters.iter_mut().fold(x, |x, filter| filter.step(x))[0]
        });
        samples.collect()
    }

    /// Bursts of 100 ms over a steady body, a second apart on average; a share of the distance is left to chance.
    fn evidence(burst: &[f64], chance: f64) -> VoiceEvidence {
        let body = noise(200.0, 2_500.0, 0.1, 1);
        let mut random = Random::new(9);
        let mut mid = body;
        for second in 0..LENGTH_S as usize {
            let at_s = second as f64 + 0.9 * chance * random.share();
            let start = (at_s * f64::from(RATE_HZ)) as usize;
            let end = start + RATE_HZ as usize / 10;
            for (x, y) in mid[start..end].iter_mut().zip(&burst[start..end]) {
                *x += y;
            }
        }
        let channel: Vec<f32> = mid.iter().map(|x| *x as f32).collect();
        let audio = Audio::new(RATE_HZ, vec![channel.clone(), channel]).unwrap();
        let analysis = analyze(&mut AudioSource::new(audio)).unwrap();
        let sibilance = Sibilance::of(&analysis, &[0.0; THIRD_OCTAVES]).unwrap();
        sibilance.evidence
    }

    #[test]
    fn what_comes_at_its_own_times_is_a_voice_and_what_keeps_a_beat_is_a_hi_hat() {
        let sibilant = noise(5_000.0, 9_000.0, 0.2, 2);
        let probability = |chance| evidence(&sibilant, chance).probability();
        let (free, beat) = (probability(1.0), probability(0.0));
        assert!(free > 0.8, "{free}");
        assert!(beat < 0.2, "{beat}");
    }

    #[test]
    fn what_lifts_the_vowels_as_well_stands_out_less() {
        let sibilant = noise(5_000.0, 9_000.0, 0.2, 2);
        let snare: Vec<f64> = noise(300.0, 2_500.0, 0.5, 3)
            .iter()
            .zip(&sibilant)
            .map(|(x, y)| x + y)
            .collect();
        let prominence_db = |burst: &[f64]| evidence(burst, 1.0).prominence_db;
        let (alone_db, with_body_db) = (prominence_db(&sibilant), prominence_db(&snare));
        assert!(with_body_db < alone_db - 6.0, "{with_body_db} {alone_db}");
    }
}
