//! Our limiter with fixed characters and with the solved one.

use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::processed;
use acetate_dsp::settings;
use acetate_dsp::solve::{DriveCurveBuilder, choose_character};
use acetate_dsp::{Audio, ProcessSpec};

use crate::CEILING_DB;

/// Fixed characters beside the default: look-ahead, hold, fast and slow release, ms.
const FIXED: [[f64; 4]; 4] = [
    [0.5, 2.0, 1.0, 400.0],
    [1.0, 1.0, 1.0, 1600.0],
    [2.0, 2.0, 1.0, 400.0],
    [2.0, 15.0, 50.0, 200.0],
];

/// Our limiter, as it is to be set.
#[derive(Clone, Debug)]
pub enum Ours {
    /// Always alike.
    Fixed(settings::Limiter),
    /// Chosen for each passage.
    Solved,
}

/// The default, some other fixed settings, and the solved one.
pub fn all() -> Vec<(String, Ours)> {
    let default = settings::Limiter::default();
    let others =
        FIXED.map(
            |[lookahead_ms, hold_ms, fast_release_ms, release_ms]| settings::Limiter {
                lookahead_ms,
                hold_ms,
                fast_release_ms,
                release_ms,
                ..default
            },
        );
    let fixed = std::iter::once(default).chain(others).map(|limiter| {
        let name = format!(
            "ours, fixed: {} / {} / {} / {} ms",
            limiter.lookahead_ms, limiter.hold_ms, limiter.fast_release_ms, limiter.release_ms
        );
        (name, Ours::Fixed(limiter))
    });
    fixed
        .chain([("ours, solved".to_owned(), Ours::Solved)])
        .collect()
}

impl Ours {
    /// A driven passage behind this limiter, without its delay.
    pub fn limited(&self, driven: &Audio) -> Audio {
        match self {
            Self::Fixed(limiter) => render(driven, limiter),
            Self::Solved => render(driven, &solved(driven)),
        }
    }
}

/// The character that the solver takes for this passage at this drive.
fn solved(driven: &Audio) -> settings::Limiter {
    let base = settings::Limiter::default();
    let mut curve = DriveCurveBuilder::new(driven.sample_rate_hz(), driven.channel_count(), false);
    curve.push(driven);
    let curve = curve.finish(CEILING_DB);
    let limited = curve.limited_passages(&base, 0.0);
    let passages: Vec<Audio> = limited
        .ranges
        .iter()
        .map(|range| driven.slice(range.start as usize, range.end as usize))
        .collect();
    choose_character(&base, 0.0, limited.loss_lu, CEILING_DB, &passages).limiter
}

fn render(driven: &Audio, limiter: &settings::Limiter) -> Audio {
    let spec = ProcessSpec {
        sample_rate_hz: driven.sample_rate_hz(),
        channels: driven.channel_count(),
        program_lufs: -14.0,
    };
    processed(&mut Limiter::new(limiter, CEILING_DB, &spec), driven)
}
