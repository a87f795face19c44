//! [`VariantSet`]: a few masters of one mix along loud and open, dark and bright, to be heard beside each other.

use acetate_engine::Variant;
use acetate_master::MasterFile;
use schemars::JsonSchema;
use serde::Serialize;

use crate::session::sound::Sound;

/// Variants that are made at once: as asked, open, loud, dark, bright.
pub(crate) const VARIANTS_MADE: usize = 5;

/// The variants of one turn of the knobs, without the one that was asked for: that is the master itself.
pub(crate) struct VariantSet {
    pub(crate) revision: u64,
    pub(crate) all: Vec<VariantMade>,
}

/// A variant that was made and verified.
pub(crate) struct VariantMade {
    pub(crate) variant: &'static Variant,
    pub(crate) made: MasterFile,
    pub(crate) sound: Sound,
}

/// What the page knows of a variant.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct VariantView {
    /// Its name.
    pub name: &'static str,
    /// What sets it apart, in words.
    pub what: String,
    /// How much louder its target is, LU.
    pub louder_lu: f64,
    /// The words that it adds.
    pub words: Option<&'static str>,
    /// Integrated loudness, LUFS.
    pub lufs: f64,
    /// True peak, dBTP.
    pub true_peak_dbtp: f64,
    /// Loudness range, LU.
    pub loudness_range_lu: f64,
    /// Most gain reduction of its limiter, dB.
    pub limiting_db: f64,
    /// Every check passed.
    pub all_met: bool,
}

/// What the page knows of the variants.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct VariantsView {
    /// The turn of the knobs that they were made for.
    pub revision: u64,
    /// Each of them.
    pub all: Vec<VariantView>,
}

impl VariantSet {
    pub(crate) fn view(&self) -> VariantsView {
        VariantsView {
            revision: self.revision,
            all: self.all.iter().map(VariantMade::view).collect(),
        }
    }

    /// The one of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&VariantMade> {
        self.all.iter().find(|one| one.variant.name == name)
    }
}

impl VariantMade {
    fn view(&self) -> VariantView {
        let mastered = &self.made.mastered;
        VariantView {
            name: self.variant.name,
            what: self.variant.difference(),
            louder_lu: self.variant.louder_lu,
            words: self.variant.words,
            lufs: self.sound.integrated_lufs,
            true_peak_dbtp: mastered.after.true_peak_dbtp,
            loudness_range_lu: mastered.after.loudness_range_lu,
            limiting_db: mastered.treatment.limiting_db,
            all_met: mastered.all_met(),
        }
    }
}
