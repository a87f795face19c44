//! Made-up tracks for tests: features with a spectrum of their own each, no audio behind them.

use acetate_model::Features;
use acetate_model::features::{BANDS, FRAME_WIDTH};

use crate::corpus::Track;
use crate::corpus::frame_level_db;
use crate::datasets::Split;
use crate::rng::Rng;

/// Frames of each made-up track.
const FRAMES: usize = 40;

/// A track of an album; the number decides all else about it.
pub(crate) fn track(album: &str, number: u64) -> Track {
    let mut rng = Rng::new(number);
    let tilt = rng.normal();
    let row = |rng: &mut Rng, noise_db: f64| -> [f32; FRAME_WIDTH] {
        std::array::from_fn(|index| {
            let band = (index % BANDS) as f64;
            let side = if index < BANDS { 0.0 } else { -10.0 };
            (-15.0 - 0.3 * (1.0 + tilt) * band + side + noise_db * rng.normal()) as f32
        })
    };
    let frames_db: Vec<_> = (0..FRAMES).map(|_| row(&mut rng, 3.0)).collect();
    Track {
        group: album.to_owned(),
        split: Split::Train,
        name: format!("track {number}"),
        frame_levels_db: frames_db.iter().map(frame_level_db).collect(),
        features: Features {
            frames_db,
            pooled_db: row(&mut rng, 0.5),
            statistics: [6.0, 8.0, 13.0],
        },
        dynamics: std::array::from_fn(|step| [6.0 + step as f32, 8.0 + step as f32]),
        integrated_lufs: -14.0,
        channels: 2,
        bandwidth_hz: 18_000.0,
        finished_probability: 0.0,
    }
}

/// Tracks of an album, numbered from `first`.
pub(crate) fn album(name: &str, first: u64, count: u64) -> Vec<Track> {
    (first..first + count)
        .map(|number| track(name, number))
        .collect()
}
