//! The gains with which stems leave the least of a mix, and the levels of what they then are.

use super::aligned::{Aligned, add};
use super::lead::STRETCH_S;
use super::{ResidualStretch, StemError};
use crate::measure::levels::silence_non_finite;
use crate::measure::loudness::Loudness;
use crate::numeric::{mirror, solve};
use crate::stream::Source;
use crate::units::db_from_power;
use crate::{Audio, for_each_block};

/// Share of the largest power that keeps equal stems apart.
const RIDGE: f64 = 1e-9;
/// Frames whose products are added in single precision.
const CHUNK: usize = 256;
/// Residuals below this are nothing, dB.
const LEAST_DB: f64 = -150.0;
/// A stretch this far below the whole mix is silent, as power.
const SILENT: f64 = 1e-5;

/// What a least-squares sum found.
pub(super) struct Gains {
    /// Gain of each stem; 0 for silent ones.
    pub(super) gains: Vec<f64>,
    /// Share of the mix's power that each stem alone explains.
    pub(super) explained: Vec<f64>,
}

/// The gains that leave the least of the mix.
pub(super) fn gains<S: Source>(
    mix: &mut dyn Source,
    stems: &mut [Aligned<S>],
) -> Result<Gains, StemError> {
    let count = stems.len();
    let mut products = vec![vec![0.0; count]; count];
    let mut with_mix = vec![0.0; count];
    let mut mix_power = 0.0;
    let mut blocks = rewound(mix, stems)?;
    let mut differences = vec![Difference::default(); count];
    let mut of_mix = Difference::default();
    for_each_block(mix, &mut |block| {
        silence_non_finite(block);
        of_mix.apply(block);
        mix_power += product(block, block);
        let all = stems.iter_mut().zip(&mut blocks).zip(&mut differences);
        for ((stem, own), difference) in all {
            stem.fill(own, block.frames())?;
            difference.apply(own);
        }
        for (row, own) in blocks.iter().enumerate() {
            with_mix[row] += product(own, block);
            for (column, other) in blocks[..=row].iter().enumerate() {
                products[row][column] += product(own, other);
            }
        }
        Ok(())
    })?;
    mirror(&mut products);
    let powers: Vec<f64> = (0..count).map(|index| products[index][index]).collect();
    let explained = powers.iter().zip(&with_mix);
    let explained = explained.map(|(power, with_mix)| {
        if *power > 0.0 && mix_power > 0.0 {
            with_mix * with_mix / (power * mix_power)
        } else {
            0.0
        }
    });
    let explained = explained.collect();
    let largest = powers.iter().copied().fold(0.0, f64::max);
    for (index, row) in products.iter_mut().enumerate() {
        // The row of a silent stem is empty: its gain becomes 0.
        row[index] += if powers[index] > 0.0 {
            RIDGE * largest
        } else {
            1.0
        };
    }
    let mut solved: Vec<[f64; 1]> = with_mix.iter().map(|x| [*x]).collect();
    if !solve(&mut products, &mut solved) {
        solved.fill([0.0]);
    }
    Ok(Gains {
        gains: solved.into_iter().map(|[gain]| gain).collect(),
        explained,
    })
}

/// The first difference of a signal. Parts of a song share notes, in the bass most of all, and what they share would
/// count as the stem; their treble has little in common.
#[derive(Clone, Default)]
struct Difference {
    last: [f32; 2],
}

impl Difference {
    fn apply(&mut self, block: &mut Audio) {
        for (channel, last) in block.channels_mut().zip(&mut self.last) {
            for sample in channel {
                (*sample, *last) = (*sample - *last, *sample);
            }
        }
    }
}

/// K-weighted powers of each 10 ms.
pub(super) struct Levels {
    mix: Vec<f32>,
    residual: Vec<f32>,
    /// The stems that are the lead, together.
    pub(super) lead: Vec<f32>,
    /// The mix less the lead.
    pub(super) rest: Vec<f32>,
}

/// The levels of the lead, of the rest and of what all stems leave.
pub(super) fn levels<S: Source>(
    mix: &mut dyn Source,
    stems: &mut [Aligned<S>],
    gains: &[f64],
    is_lead: &[bool],
) -> Result<Levels, StemError> {
    let rate = mix.spec().sample_rate_hz;
    let meter = || Loudness::new(rate, false);
    let (mut whole, mut residual, mut lead, mut rest) = (meter(), meter(), meter(), meter());
    let mut blocks = rewound(mix, stems)?;
    let mut sum = Audio::silence(rate, mix.spec().channels, 0);
    for_each_block(mix, &mut |block| {
        silence_non_finite(block);
        whole.process(block);
        for (stem, own) in stems.iter_mut().zip(&mut blocks) {
            stem.fill(own, block.frames())?;
        }
        sum.set_frames(block.frames());
        sum.scale(0.0);
        let all = blocks.iter().zip(gains.iter().zip(is_lead));
        for (own, (gain, _)) in all.clone().filter(|(_, (_, is_lead))| **is_lead) {
            add(&mut sum, own, *gain as f32);
        }
        lead.process(&sum);
        add(block, &sum, -1.0);
        rest.process(block);
        for (own, (gain, _)) in all.filter(|(_, (_, is_lead))| !**is_lead) {
            add(block, own, -*gain as f32);
        }
        residual.process(block);
        Ok(())
    })?;
    Ok(Levels {
        mix: whole.into_k_power_10ms(),
        residual: residual.into_k_power_10ms(),
        lead: lead.into_k_power_10ms(),
        rest: rest.into_k_power_10ms(),
    })
}

impl Levels {
    /// What the stems leave against the mix, dB.
    pub(super) fn residual_db(&self) -> f64 {
        ratio_db(total(&self.residual), total(&self.mix))
    }

    /// The same in stretches of time; none unless the stems are all of the mix.
    pub(super) fn residual_by_time(&self, is_whole: bool) -> Vec<ResidualStretch> {
        if !is_whole {
            return Vec::new();
        }
        let steps = (100.0 * STRETCH_S) as usize;
        let floor = SILENT * total(&self.mix) / self.mix.len().max(1) as f64;
        let stretches = self.mix.chunks(steps).zip(self.residual.chunks(steps));
        let audible = stretches
            .enumerate()
            .filter(|(_, (mix, _))| total(mix) > floor * mix.len() as f64);
        audible
            .map(|(index, (mix, residual))| ResidualStretch {
                from_s: index as f64 * STRETCH_S,
                to_s: index as f64 * STRETCH_S + 0.01 * mix.len() as f64,
                residual_db: ratio_db(total(residual), total(mix)),
            })
            .collect()
    }
}

fn total(powers: &[f32]) -> f64 {
    powers.iter().map(|&power| f64::from(power)).sum()
}

fn ratio_db(part: f64, whole: f64) -> f64 {
    db_from_power(part / whole.max(f64::MIN_POSITIVE)).max(LEAST_DB)
}

/// All stems at the start of the mix, with a block for each.
fn rewound<S: Source>(mix: &dyn Source, stems: &mut [Aligned<S>]) -> Result<Vec<Audio>, StemError> {
    stems.iter_mut().try_for_each(Aligned::rewind)?;
    let spec = mix.spec();
    let silence = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    Ok(vec![silence; stems.len()])
}

/// Sum of products of two blocks, in a fixed order.
fn product(a: &Audio, b: &Audio) -> f64 {
    let channels = a.channels().iter().zip(b.channels());
    channels.map(|(a, b)| dot(a, b)).sum()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let chunks = a.chunks(CHUNK).zip(b.chunks(CHUNK));
    chunks
        .map(|(a, b)| {
            let mut lanes = [0.0f32; 8];
            for (a, b) in a.chunks(8).zip(b.chunks(8)) {
                let pairs = a.iter().zip(b);
                lanes
                    .iter_mut()
                    .zip(pairs)
                    .for_each(|(lane, (a, b))| *lane += a * b);
            }
            lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>()
        })
        .sum()
}
