//! [`Body`]: which moments of a program belong to its main body.
//!
//! Applause, talk, noise, an intro in another sound or a hidden track must not decide what is done to a
//! song. The spectra of short windows are held against their center, which is found in two steps, as an
//! MM-estimate is (Yohai, "High breakdown-point and high efficiency robust estimates for regression", 1987):
//! a start that half of the windows cannot move, then a redescending mean. A window far enough from the
//! center has no weight at all, so that what is foreign changes nothing, however long it is below half.

use acetate_dsp::Analysis;
use acetate_dsp::analysis::BandFrame;
use acetate_dsp::units::{db_from_power, power_from_db};

use crate::bands::{BANDS, FIRST_BAND, FRAME_WIDTH, band_weights};

/// Length of a window, s.
const WINDOW_S: f64 = 1.5;
/// Programs of fewer windows are taken whole.
const FEWEST_WINDOWS: usize = 8;
/// Windows this far below the mean power of all are pauses, dB.
const PAUSE_DB: f64 = -30.0;
/// Band levels this far below a window's own level are all the same, dB.
const SHAPE_FLOOR_DB: f64 = -45.0;
/// A band counts at most this much toward a distance, dB: one that is missing is not all.
const MOST_BAND_DB: f64 = 18.0;
/// Share of the windows that the start must be nearest to.
const START_SHARE: f64 = 0.5;
/// Windows that may be the start, evenly spaced.
const MAX_STARTS: usize = 96;
/// Windows that a start is held against, evenly spaced.
const MAX_HELD: usize = 768;
/// Mean distance from which a window is foreign, dB.
const FOREIGN_DB: f64 = 6.5;
/// A window beside a foreign one may hold the end of it, and counts no more than that one, unless less than
/// this share of the windows would be left.
const LEAST_LEFT_SHARE: f64 = 0.25;
/// Most steps of the redescending mean.
const MAX_STEPS: usize = 40;
/// The center has settled when no band moves by more than this, dB.
const SETTLED_DB: f64 = 0.005;

/// From this weight on a moment belongs to the body.
pub(crate) const BELONGS: f64 = 0.5;

/// How much each moment belongs to the main body, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Weight of each window.
    windows: Vec<f64>,
    /// Share of the windows that sound and do not belong to the body.
    foreign_share: f64,
    /// Frames of audio in a window.
    window_frames: u64,
    sample_rate_hz: u64,
    band_spacing_frames: u64,
}

/// The spectrum of a window relative to its own level: mid bands, then side bands, dB.
type Shape = [f64; FRAME_WIDTH];

impl Body {
    /// Finds the main body of a measured program.
    pub fn of(analysis: &Analysis) -> Self {
        let spacing = analysis.sequences.band_spacing_frames.max(1);
        let rate = u64::from(analysis.sample_rate_hz);
        let per_window = ((WINDOW_S * rate as f64 / spacing as f64).round() as usize).max(1);
        let frames = &analysis.sequences.band_frames;
        let windows: Vec<(Shape, f64)> = frames.chunks(per_window).map(window_of).collect();
        let (windows, foreign_share) = weights(&windows);
        Self {
            windows,
            foreign_share,
            window_frames: per_window as u64 * spacing,
            sample_rate_hz: rate,
            band_spacing_frames: spacing,
        }
    }

    /// Weight of a band frame.
    pub fn of_band_frame(&self, index: usize) -> f64 {
        self.at(index as u64 * self.band_spacing_frames)
    }

    /// Weight of a step of 10 ms.
    pub fn of_step(&self, step: usize) -> f64 {
        self.at(step as u64 * self.sample_rate_hz / 100)
    }

    fn at(&self, frame: u64) -> f64 {
        let last = self.windows.len().saturating_sub(1);
        let index = (frame / self.window_frames) as usize;
        self.windows.get(index.min(last)).copied().unwrap_or(1.0)
    }

    /// The values of a sequence of 10 ms steps that belong to the body.
    pub fn steps_of<'a>(&'a self, values: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let kept = move |&(step, _): &(usize, &f32)| self.of_step(step) >= BELONGS;
        values.iter().enumerate().filter(kept).map(|(_, &x)| x)
    }

    /// Share of the windows that sound and do not belong to the body, 0 to 1.
    pub fn foreign_share(&self) -> f64 {
        self.foreign_share
    }
}

/// Shape and K-weighted power of a window.
fn window_of(frames: &[BandFrame]) -> (Shape, f64) {
    let mut powers = [0.0; FRAME_WIDTH];
    for frame in frames {
        for band in 0..BANDS {
            powers[band] += power_from_db(f64::from(frame.mid_db[FIRST_BAND + band]));
            powers[BANDS + band] += power_from_db(f64::from(frame.side_db[FIRST_BAND + band]));
        }
    }
    let scale = 1.0 / frames.len().max(1) as f64;
    let level: f64 = (0..FRAME_WIDTH)
        .map(|index| scale * powers[index] * band_weights()[index % BANDS])
        .sum();
    let floor = level * power_from_db(SHAPE_FLOOR_DB);
    let shape = powers.map(|power| db_from_power((scale * power).max(floor) / level.max(1e-30)));
    (shape, level)
}

/// Weight of each window, and the share of those that sound which have less than half.
fn weights(windows: &[(Shape, f64)]) -> (Vec<f64>, f64) {
    let mean = windows.iter().map(|(_, level)| level).sum::<f64>() / windows.len().max(1) as f64;
    let gate = mean * power_from_db(PAUSE_DB);
    let sounding: Vec<&Shape> = windows
        .iter()
        .filter(|(_, level)| *level > gate)
        .map(|(shape, _)| shape)
        .collect();
    if sounding.len() < FEWEST_WINDOWS {
        return (vec![1.0; windows.len()], 0.0);
    }
    let center = settle(start(&sounding), &sounding);
    let found: Vec<Option<f64>> = windows
        .iter()
        .map(|(shape, level)| {
            (*level > gate).then(|| hardened(biweight(distance_db(shape, &center))))
        })
        .collect();
    let sounds = || found.iter().flatten();
    let foreign = sounds().filter(|&&weight| weight < BELONGS).count();
    let apart = apart_from_foreign(&found);
    let left: f64 = apart.iter().sum();
    let weights = if left >= LEAST_LEFT_SHARE * sounding.len() as f64 {
        apart
    } else {
        found.iter().map(|weight| weight.unwrap_or(0.0)).collect()
    };
    (weights, foreign as f64 / sounding.len() as f64)
}

/// Each weight, or the smallest of its sounding neighbors' where that is less; pauses have none.
fn apart_from_foreign(found: &[Option<f64>]) -> Vec<f64> {
    (0..found.len())
        .map(|index| {
            let around = &found[index.saturating_sub(1)..(index + 2).min(found.len())];
            found[index].map_or(0.0, |own| {
                around.iter().flatten().copied().fold(own, f64::min)
            })
        })
        .collect()
}

/// The window that half of all windows are nearest to: the center of the smallest ball that holds them.
fn start(shapes: &[&Shape]) -> Shape {
    let spaced = |most: usize| {
        let stride = shapes.len().div_ceil(most).max(1);
        shapes.iter().copied().step_by(stride)
    };
    let held: Vec<&Shape> = spaced(MAX_HELD).collect();
    let radius = |center: &Shape| {
        let mut distances: Vec<f64> = held.iter().map(|s| distance_db(s, center)).collect();
        let half = (START_SHARE * (distances.len() - 1) as f64) as usize;
        *distances.select_nth_unstable_by(half, f64::total_cmp).1
    };
    spaced(MAX_STARTS)
        .map(|shape| (radius(shape), shape))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or([0.0; FRAME_WIDTH], |(_, shape)| *shape)
}

/// The redescending mean near a start.
fn settle(start: Shape, shapes: &[&Shape]) -> Shape {
    let mut center = start;
    for _ in 0..MAX_STEPS {
        let mut sum = [0.0; FRAME_WIDTH];
        let mut total = 0.0;
        for shape in shapes {
            let weight = biweight(distance_db(shape, &center));
            if weight > 0.0 {
                total += weight;
                for (sum, level) in sum.iter_mut().zip(shape.iter()) {
                    *sum += weight * level;
                }
            }
        }
        if total <= 0.0 {
            break;
        }
        let next = sum.map(|sum| sum / total);
        let moved = next.iter().zip(&center).map(|(a, b)| (a - b).abs());
        let most_db = moved.fold(0.0, f64::max);
        center = next;
        if most_db < SETTLED_DB {
            break;
        }
    }
    center
}

/// Mean distance of two shapes over mid and side bands, dB.
fn distance_db(a: &Shape, b: &Shape) -> f64 {
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs().min(MOST_BAND_DB))
        .sum();
    sum / FRAME_WIDTH as f64
}

/// Tukey's biweight.
fn biweight(distance_db: f64) -> f64 {
    let u = distance_db / FOREIGN_DB;
    if u >= 1.0 {
        0.0
    } else {
        (1.0 - u * u) * (1.0 - u * u)
    }
}

/// What is plainly in the body counts whole, so that only what is in doubt is weighed.
fn hardened(weight: f64) -> f64 {
    (3.0 * weight).min(1.0)
}

#[cfg(test)]
mod tests {
    use acetate_dsp::stream::AudioSource;
    use acetate_dsp::{Audio, analyze};

    use super::*;
    use crate::Features;
    use acetate_dsp::signal::white;

    const RATE: u32 = 44_100;

    /// A chord of falling harmonics and a beat, so that every window of it is alike.
    fn song(seconds: usize) -> Vec<f32> {
        let root_hz = 110.0;
        (0..seconds * RATE as usize)
            .map(|n| {
                let t = n as f64 / f64::from(RATE);
                let tone: f64 = (1..40)
                    .map(|h| {
                        libm::sin(std::f64::consts::TAU * root_hz * f64::from(h) * t) / f64::from(h)
                    })
                    .sum();
                let beat =
                    libm::exp(-8.0 * (t % 0.5)) * libm::sin(std::f64::consts::TAU * 60.0 * t);
                (0.08 * tone + 0.2 * beat) as f32
            })
            .collect()
    }

    /// White noise as loud as music.
    fn applause(seconds: usize) -> Vec<f32> {
        let mut noise = white(seconds * RATE as usize, 1);
        noise.iter_mut().for_each(|x| *x *= 0.25);
        noise
    }

    fn features(samples: Vec<f32>) -> (Features, f64) {
        let right = samples.iter().map(|x| 0.6 * x).collect();
        let audio = Audio::new(RATE, vec![samples, right]).unwrap();
        let analysis = analyze(&mut AudioSource::new(audio)).unwrap();
        let body = Body::of(&analysis);
        (
            Features::of_body(&analysis, &body).unwrap(),
            body.foreign_share(),
        )
    }

    #[test]
    fn applause_behind_a_song_does_not_change_what_the_song_is_taken_for() {
        let (alone, foreign) = features(song(60));
        assert!(foreign < 0.1, "{foreign}");
        for passage in [
            [song(60), applause(30)].concat(),
            [applause(30), song(60)].concat(),
        ] {
            let (both, foreign) = features(passage);
            assert!((0.25..0.45).contains(&foreign), "{foreign}");
            // Between the harmonics there is only the click with which the song begins or does not.
            let sounding = (0..BANDS).filter(|&band| alone.pooled_db[band] > -30.0);
            for band in sounding {
                let moved_db = both.pooled_db[band] - alone.pooled_db[band];
                assert!(
                    moved_db.abs() < 0.5,
                    "band {band}, {} dB: {moved_db}",
                    alone.pooled_db[band]
                );
            }
            for (a, b) in both.statistics.iter().zip(alone.statistics) {
                assert!((a - b).abs() < 0.5, "{a} {b}");
            }
        }
    }

    #[test]
    fn what_is_short_is_taken_whole() {
        let (_, foreign) = features([song(4), applause(2)].concat());
        assert_eq!(foreign, 0.0);
    }

    #[test]
    fn neighbors_of_a_foreign_window_count_no_more_than_it() {
        let found = [Some(1.0), Some(1.0), Some(0.0), None, Some(1.0)];
        assert_eq!(apart_from_foreign(&found), [1.0, 0.0, 0.0, 0.0, 1.0]);
    }
}
