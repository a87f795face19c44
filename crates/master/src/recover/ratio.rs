//! The compressor's ratio beside moves of parts: these change the spread of levels, but not how levels move within a part.

use acetate_dsp::settings::Compressor;
use acetate_dsp::units::db_from_power;
use acetate_model::dynamics;

use super::criterion::BLOCK_STEPS;
use super::pair::Pair;

/// Ratios that are tried: 1 to 2.5 in steps of a fiftieth.
const RATIOS: std::ops::RangeInclusive<u32> = 50..=125;
const STEPS: f64 = 50.0;

/// What a compressor does to each block of the mix's levels, dB.
fn gains_db(pair: &Pair, compressor: &Compressor) -> Vec<f64> {
    let before = &pair.before;
    let powers = &before.sequences.k_power_10ms;
    let after = dynamics::compress_k_power(powers, before.integrated_lufs, compressor);
    let sum = |powers: &[f32]| powers.iter().map(|&power| f64::from(power)).sum::<f64>();
    let blocks = powers.chunks(BLOCK_STEPS).zip(after.chunks(BLOCK_STEPS));
    blocks
        .map(|(before, after)| db_from_power((sum(after) + 1e-12) / (sum(before) + 1e-12)))
        .collect()
}

/// The ratio with which levels within parts would be closest. `parts` holds the blocks of each part with what the master
/// is louder than a render with `compressor`, dB.
pub(super) fn ratio_within(
    pair: &Pair,
    compressor: &Compressor,
    parts: &[Vec<(usize, f64)>],
) -> f64 {
    let now = gains_db(pair, compressor);
    let left = |ratio: f64| {
        let tried = Compressor {
            ratio,
            ..*compressor
        };
        let gains = gains_db(pair, &tried);
        let squares = parts.iter().map(|own| {
            let off: Vec<f64> = own
                .iter()
                .map(|&(block, db)| db - (gains[block] - now[block]))
                .collect();
            let mean = off.iter().sum::<f64>() / off.len().max(1) as f64;
            off.iter().map(|db| (db - mean) * (db - mean)).sum::<f64>()
        });
        squares.sum::<f64>()
    };
    let ratios = RATIOS.map(|step| f64::from(step) / STEPS);
    let tried = ratios.map(|ratio| (ratio, left(ratio)));
    let tried: Vec<(f64, f64)> = tried.collect();
    let best = (0..tried.len()).min_by(|&a, &b| tried[a].1.total_cmp(&tried[b].1));
    let best = best.unwrap_or(0);
    let (ratio, least) = tried[best];
    // Between two steps the squares are a parabola.
    match (
        best.checked_sub(1).map(|one| tried[one].1),
        tried.get(best + 1),
    ) {
        (Some(below), Some(&(_, above))) if below + above > 2.0 * least => {
            ratio + 0.5 * (below - above) / (below + above - 2.0 * least) / STEPS
        }
        _ => ratio,
    }
}
