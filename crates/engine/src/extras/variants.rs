//! `--variants`: a few masters of one mix, along loud and open, dark and bright.

use std::path::{Path, PathBuf};

use acetate_dsp::Settings;
use acetate_dsp::settings::Target;
use acetate_handover::VariantRow;
use acetate_master::{Brief, MasterError, MasterFile, Mastered, Measured, Planned};
use acetate_model::Predictor;
use acetate_model::style::{Style, StylePredictor};
use anyhow::{Context, bail};

use crate::delivery::FileDelivery;
use crate::extras::settings_text::settings_text;
use crate::input::Input;
use crate::job::Job;
use crate::observer::{FileProgress, Observer};

/// Most variants.
pub const MAX_VARIANTS: usize = 11;

/// One of the set: what sets it apart from what was asked for.
#[derive(Debug)]
pub struct Variant {
    /// Its name, as in the names of files.
    pub name: &'static str,
    /// How much louder its target is, LU.
    pub louder_lu: f64,
    /// The words that it adds, as `--style`.
    pub words: Option<&'static str>,
}

const fn member(name: &'static str, louder_lu: f64, words: Option<&'static str>) -> Variant {
    Variant {
        name,
        louder_lu,
        words,
    }
}

impl Variant {
    /// The target where another was asked for.
    fn target(&self, asked: &Target) -> Target {
        Target {
            integrated_lufs: asked.integrated_lufs + self.louder_lu,
            ..*asked
        }
    }

    /// What sets it apart, in words.
    pub fn difference(&self) -> String {
        match (self.words, self.louder_lu) {
            (None, 0.0) => "what was asked for".to_owned(),
            (None, lu) => format!("{lu:+.0} LU"),
            (Some(words), 0.0) => words.to_owned(),
            (Some(words), lu) => format!("{words}, {lu:+.0} LU"),
        }
    }
}

/// The set in the order in which it is taken: the first is what was asked for.
pub static VARIANTS: [Variant; MAX_VARIANTS] = [
    member("as-asked", 0.0, None),
    member("open", -2.0, None),
    member("loud", 2.0, None),
    member("dark", 0.0, Some("darker")),
    member("bright", 0.0, Some("brighter")),
    member("loud-bright", 2.0, Some("brighter")),
    member("open-dark", -2.0, Some("darker")),
    member("loud-dark", 2.0, Some("darker")),
    member("open-bright", -2.0, Some("brighter")),
    member("very-open", -4.0, None),
    member("very-loud", 4.0, None),
];
/// The tones: each costs a render.
const TONES: [Option<&str>; 3] = [None, Some("darker"), Some("brighter")];

/// A delivered variant.
pub(crate) struct RenderedVariant {
    member: &'static Variant,
    /// Its file.
    pub(crate) path: PathBuf,
    /// What was done and measured.
    pub(crate) file: MasterFile,
}

impl RenderedVariant {
    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.member.name
    }

    /// Its row in the report page.
    pub(crate) fn row(&self) -> VariantRow {
        let mastered = &self.file.mastered;
        VariantRow {
            name: self.member.name.to_owned(),
            file: self.path.display().to_string(),
            what: self.member.difference(),
            after: mastered.after.clone(),
            limiting_db: mastered.treatment.limiting_db,
        }
    }
}

/// Where a variant goes: the first to the output itself, the others beside it.
fn output_path(output: &Path, member: &Variant) -> PathBuf {
    if member.name == VARIANTS[0].name {
        return output.to_owned();
    }
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let extension = output.extension().unwrap_or_default().to_string_lossy();
    output.with_file_name(format!("{stem}.{}.{extension}", member.name))
}

/// Every file that `count` variants would write: masters and settings.
pub(crate) fn files(output: &Path, count: usize) -> Vec<PathBuf> {
    VARIANTS
        .iter()
        .take(count)
        .map(|member| output_path(output, member))
        .flat_map(|path| [path.with_extension("toml"), path])
        .collect()
}

/// How the variants are made.
pub(crate) struct Wanted<'a> {
    pub(crate) brief: &'a Brief,
    pub(crate) predictor: &'a dyn Predictor,
    pub(crate) count: usize,
    pub(crate) overwrite: bool,
}

impl Wanted<'_> {
    /// The members of the set, whose targets are all in range.
    fn members(&self) -> anyhow::Result<Vec<&'static Variant>> {
        if self.brief.settings.is_some() {
            bail!("--variants varies what is predicted: leave --settings out");
        }
        let members: Vec<&Variant> = VARIANTS.iter().take(self.count).collect();
        for member in &members {
            let settings = Settings::aiming_at(member.target(&self.brief.target));
            settings.validate().with_context(|| {
                format!(
                    "--variants {}: \"{}\" is {:+.0} LU from what was asked for",
                    self.count, member.name, member.louder_lu
                )
            })?;
        }
        Ok(members)
    }
}

/// Masters all variants and gives them their names when the last one is verified. Variants of one tone share a
/// render.
pub(crate) fn deliver(
    job: &Job,
    input: &mut Input<'_>,
    measured: &Measured,
    wanted: &Wanted<'_>,
    observer: &dyn Observer,
) -> anyhow::Result<Vec<RenderedVariant>> {
    let members = wanted.members()?;
    let mut progress = FileProgress::new(observer, &job.input);
    let mut made: Vec<Option<(FileDelivery, Mastered)>> = members.iter().map(|_| None).collect();
    for tone in TONES {
        let group = (0..members.len()).filter(|&index| members[index].words == tone);
        let group: Vec<usize> = group.collect();
        let mut targets = Vec::new();
        for &index in &group {
            let own = Job {
                output: output_path(&job.output, members[index]),
                ..job.clone()
            };
            let delivery = FileDelivery::new(&own, input.path(), wanted.overwrite)?;
            targets.push((members[index].target(&wanted.brief.target), delivery));
        }
        let predictor: Box<dyn Predictor + '_> = match tone {
            None => Box::new(wanted.predictor),
            Some(words) => Box::new(StylePredictor::new(wanted.predictor, Style::parse(words)?)),
        };
        let masters = measured
            .clone()
            .plan(predictor.as_ref(), wanted.brief)
            .and_then(|planned| to_targets(planned, input, &mut targets, &mut progress))
            .with_context(|| job.input.display().to_string())?;
        for ((index, (_, delivery)), mastered) in group.into_iter().zip(targets).zip(masters) {
            made[index] = Some((delivery, mastered));
        }
    }
    let mut done = Vec::new();
    let facts = input.facts()?;
    for (member, one) in members.iter().zip(made) {
        let (delivery, mastered) = one.context("a variant without a master")?;
        if done.is_empty() {
            // Of the same input in the same format: the same for all.
            delivery.tell_metadata(observer);
        }
        let path = output_path(&job.output, member);
        let text = settings_text(&mastered.treatment.settings)?;
        acetate_io::deliver_text(&path.with_extension("toml"), &text, wanted.overwrite)?;
        let file = delivery.master_file(facts.clone(), mastered)?;
        delivery.commit()?;
        done.push(RenderedVariant { member, path, file });
    }
    Ok(done)
}

/// One render, delivered to each target.
fn to_targets(
    planned: Planned,
    input: &mut Input<'_>,
    targets: &mut [(Target, FileDelivery)],
    progress: &mut FileProgress<'_>,
) -> Result<Vec<Mastered>, MasterError> {
    let Some((_, first)) = targets.first_mut() else {
        return Ok(Vec::new());
    };
    let mut rendered = planned.render(input.source(), first, progress)?;
    targets
        .iter_mut()
        .map(|(target, delivery)| rendered.deliver_to(*target, delivery, progress))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tone_of_the_set_is_rendered_and_names_are_unique() {
        assert!(VARIANTS.iter().all(|member| TONES.contains(&member.words)));
        let paths = files(Path::new("a/song.master.wav"), MAX_VARIANTS);
        assert!(paths.contains(&PathBuf::from("a/song.master.loud.wav")));
        assert!(paths.contains(&PathBuf::from("a/song.master.wav")));
        let mut unique = paths.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), paths.len());
    }
}
