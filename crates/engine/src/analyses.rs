//! The analysis of a mix, from the cache where it was measured before.

use std::path::PathBuf;

use acetate_dsp::{Analysis, Source};
use acetate_io::{AnalysisCache, CacheKey, Seal, user_cache_dir};
use acetate_master::{Brief, Measured, Progress};
use acetate_model::features::features_hash;
use anyhow::Context;

use crate::input::Input;
use crate::observer::Observer;
use crate::options::Cache;

/// Measures mixes, or finds what was measured of them.
pub(crate) struct Analyses {
    cache: Option<AnalysisCache>,
    /// What decides the figures beside the mix and the brief.
    program: String,
}

impl Analyses {
    /// With the cache that was asked for; without one where it is not wanted or has no place.
    pub(crate) fn new(cache: &Cache, seal: Option<&Seal>) -> Self {
        let folder = match cache {
            Cache::Off => None,
            Cache::Folder(folder) => Some(folder.clone()),
            Cache::User => user_cache_dir().map(|cache| cache.join("analyses")),
        };
        // Without a secret nothing that is found could be trusted.
        let cache = folder.zip(seal.cloned());
        Self {
            cache: cache.map(|(folder, seal)| AnalysisCache::new(folder).sealed_by(seal)),
            program: program(),
        }
    }

    /// The analysis of `input`: found or measured, it is the same to the last bit.
    pub(crate) fn of(
        &self,
        input: &mut Input<'_>,
        brief: &Brief,
        observer: &dyn Observer,
        progress: &mut dyn Progress,
    ) -> anyhow::Result<Measured> {
        let name = input.given().display().to_string();
        // What is repaired is found on the samples each time, and another lead is another mix.
        let is_of_the_file = brief.repairs.is_default() && input.is_as_given();
        let cache = self.cache.as_ref().filter(|_| is_of_the_file);
        let Some(cache) = cache else {
            return Measured::measure(input.source(), brief, progress).context(name);
        };
        let content = input.content_hash()?;
        let mut circumstances = format!("{} dual_mono={}", self.program, brief.dual_mono);
        if let Some(decoder) = input.foreign_decoder() {
            // Another version of it may give other samples.
            circumstances = format!("{circumstances} decoder={decoder}");
        }
        let key = CacheKey {
            content: &content,
            circumstances: &circumstances,
        };
        if let Some(analysis) = cache.load(&key)
            && is_of(&analysis, input)
        {
            return Measured::new(analysis).context(name);
        }
        let measured = Measured::measure(input.source(), brief, progress).context(name)?;
        // What was bridged is said of a file that was read to its end alone: measured each time.
        if input.is_sound()
            && let Err(error) = cache.store(&key, measured.analysis())
        {
            observer.warn(&format!(
                "the analysis could not be kept for another time: {error}: use --cache DIR or --no-cache"
            ));
        }
        Ok(measured)
    }
}

/// Whether an analysis can be one of this input.
fn is_of(analysis: &Analysis, input: &mut Input<'_>) -> bool {
    let spec = input.source().spec();
    let frames = analysis.duration_s * f64::from(spec.sample_rate_hz);
    let is_as_long = |stated: u64| (frames - stated as f64).abs() < 0.5;
    analysis.sample_rate_hz == spec.sample_rate_hz
        && analysis.channels == spec.channels
        && input.exact_frames().is_none_or(is_as_long)
}

/// The secret that marks what this user's runs keep: in the user's cache folder, else in the one that was
/// given. `None`, and said, where there is no place for it.
pub(crate) fn seal(cache: &Cache, observer: &dyn Observer) -> Option<Seal> {
    let given = match cache {
        Cache::Folder(folder) => Some(folder.clone()),
        Cache::User | Cache::Off => None,
    };
    let folder = user_cache_dir().or(given)?;
    match Seal::of_user(&folder) {
        Ok(seal) => Some(seal),
        Err(error) => {
            observer.note(&format!(
                "{}: no secret can be kept here ({error}): no analysis is kept, and --resume makes masters again",
                folder.display()
            ));
            None
        }
    }
}

/// The version, and this very build of it: its file's size and date.
fn program() -> String {
    let file = std::env::current_exe().and_then(|path: PathBuf| path.metadata());
    let build = file.and_then(|file| Ok((file.len(), file.modified()?)));
    format!(
        "{} {} {build:?}",
        env!("CARGO_PKG_VERSION"),
        features_hash()
    )
}
