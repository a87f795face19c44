//! The typical spectrum of released music.
//!
//! The table is made by `training/examples/typical_spectrum.rs` from the finished masters of the
//! training albums.

use std::sync::OnceLock;

const TABLE: &str = include_str!("../data/typical_spectrum.csv");

/// Levels of one third octave, dB relative to the integrated loudness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TypicalBand {
    /// Center of the band, Hz.
    pub center_hz: f64,
    /// Of mid: the levels that 5, 25, 50, 75 and 95 % of the music lie below.
    pub mid_db: [f64; 5],
    /// The same of side.
    pub side_db: [f64; 5],
}

/// What the table was made from, for a caption: the line that begins with `#`.
pub(crate) fn typical_source() -> &'static str {
    let comment = TABLE.lines().find_map(|line| line.strip_prefix("# "));
    comment.unwrap_or_default()
}

/// Every band of the table, from low to high.
pub fn typical_bands() -> &'static [TypicalBand] {
    static BANDS: OnceLock<Vec<TypicalBand>> = OnceLock::new();
    BANDS.get_or_init(|| TABLE.lines().filter_map(row).collect())
}

fn row(line: &str) -> Option<TypicalBand> {
    let values: Vec<f64> = line
        .split(',')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let [center_hz, levels @ ..] = values.as_slice() else {
        return None;
    };
    let (mid_db, side_db) = levels.split_at_checked(5)?;
    Some(TypicalBand {
        center_hz: *center_hz,
        mid_db: mid_db.try_into().ok()?,
        side_db: side_db.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::measure::bands;
    use acetate_model::features::{BANDS, FIRST_BAND};

    #[test]
    fn the_table_has_every_band_of_the_net_in_order() {
        assert!(typical_source().contains("albums"));
        let table = typical_bands();
        assert_eq!(table.len(), BANDS);
        for (index, band) in table.iter().enumerate() {
            let center_hz = bands::center_hz(FIRST_BAND + index);
            assert!((band.center_hz / center_hz - 1.0).abs() < 1e-3);
            for levels in [band.mid_db, band.side_db] {
                assert!(levels.is_sorted(), "{band:?}");
            }
        }
    }
}
