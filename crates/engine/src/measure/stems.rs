//! Stems beside a mix: which files they are, which of them is the lead, and what they tell.

use std::path::{Path, PathBuf};

use acetate_check::lead_move_db;
use acetate_dsp::process::resample::AtRate;
use acetate_dsp::solve::stems::{Added, Aligned, Stem, StemStudy, Studied, study};
use acetate_dsp::stream::Tapped;
use acetate_dsp::units::gain_from_db;
use acetate_dsp::{Source, Spec};
use acetate_io::{Depth, Identity, OpenOptions};
use acetate_master::report::{Rebalance, RebalancedPart};
use anyhow::{Context, bail};

use crate::input::declare;
use crate::observer::{Observer, StemSource, Step, Watched, go_on};
use crate::request::sound_files;

/// Words that begin the name of a stem with a voice …
const VOICE: [&str; 5] = ["vox", "voc", "voice", "sing", "acapella"];
/// … and of one that is not the lead.
const BEHIND: [&str; 11] = [
    "bg", "bv", "back", "harm", "choir", "double", "dbl", "adlib", "echo", "delay", "reverb",
];

/// Passes over the mix that read all of it. The one that aligns the stems reads a part.
const PASSES: u64 = 2;

/// The stems of a mix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stems {
    /// All stems of the mix, sound files or folders of them; none beside a lead alone.
    pub files: Vec<PathBuf>,
    /// The lead; by the names of the stems where it is not named.
    pub lead: Option<PathBuf>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StemFile {
    path: PathBuf,
    is_lead: bool,
}

/// What stems told of a mix.
pub(crate) struct Told {
    pub(crate) study: StemStudy,
    files: Vec<StemFile>,
    gains: Vec<f64>,
}

impl Stems {
    /// Every file that is read: folders are looked into.
    pub(crate) fn paths(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for given in &self.files {
            if given.is_dir() {
                paths.extend(sound_files(given, Depth::Top)?);
            } else {
                paths.push(given.clone());
            }
        }
        paths.extend(self.lead.clone());
        Ok(paths)
    }

    /// The stems of a mix, each once, without the mix itself where it lies in their folder.
    fn of_mix(&self, mix: &Path) -> anyhow::Result<Vec<StemFile>> {
        let mut named = self.files.iter().chain(&self.lead);
        if let Some(path) = named.find(|path| acetate_io::same_file(path, mix)) {
            bail!(
                "{}: expected a stem, found the mix itself: name one part of it",
                path.display()
            );
        }
        let mut files: Vec<StemFile> = Vec::new();
        let mut known = vec![Identity::of(mix)];
        for path in self.paths()? {
            let identity = Identity::of(&path);
            if !known.contains(&identity) {
                known.push(identity);
                files.push(StemFile {
                    is_lead: self
                        .lead
                        .as_ref()
                        .is_some_and(|lead| acetate_io::same_file(&path, lead)),
                    path,
                });
            }
        }
        if self.lead.is_none() {
            name_leads(&mut files);
        }
        if files.is_empty() {
            bail!("--stems: expected the stems of the mix, found nothing but the mix itself");
        }
        Ok(files)
    }

    /// Holds the stems against a mix.
    pub(crate) fn told(
        &self,
        name: &Path,
        mix: &mut dyn Source,
        observer: &dyn Observer,
    ) -> anyhow::Result<Told> {
        let files = self.of_mix(name)?;
        let rate_hz = mix.spec().sample_rate_hz;
        let open = |file: &StemFile| -> anyhow::Result<Stem<StemSource<'_>>> {
            Ok(Stem {
                name: file.path.display().to_string(),
                is_lead: file.is_lead,
                source: open(&file.path, rate_hz, observer)?,
            })
        };
        let mut stems: Vec<_> = files.iter().map(open).collect::<Result<_, _>>()?;
        let total = mix.frames_hint().map(|frames| PASSES * frames);
        let mut read = 0;
        let mut followed = Tapped::new(mix, |block| {
            read += block.frames() as u64;
            let done = read.min(total.unwrap_or(u64::MAX));
            observer.progress(name, Step::Stems, done, total);
            Ok(go_on(observer)?)
        });
        let Studied { study, gains } = study(&mut followed, &mut stems, !self.files.is_empty())?;
        followed.rewind()?;
        if let Some(refused) = &study.refused {
            observer.warn(&format!("{}: {refused}", name.display()));
        }
        Ok(Told {
            study,
            files,
            gains,
        })
    }
}

impl Told {
    /// How the lead is moved toward released music.
    pub(crate) fn rebalance(&self) -> anyhow::Result<Rebalance> {
        let Some(lead) = &self.study.lead else {
            bail!(
                "--rebalance: {}",
                self.study.refused.clone().unwrap_or_else(|| {
                    "no stem is known as the lead: name it with --lead".to_owned()
                })
            );
        };
        if !lead.is_enough() {
            bail!(
                "--rebalance: the lead sounds for {:.0} s of the mix, too short to judge how it stands: leave the option out",
                lead.sounds_s
            );
        }
        let (move_db, released_db) = lead_move_db(lead.lead_to_rest_db)?;
        let mut parts = Vec::new();
        if move_db != 0.0 {
            let added = gain_from_db(move_db) - 1.0;
            let stems = self.files.iter().zip(&self.gains).zip(&self.study.stems);
            for ((file, gain), figures) in stems.filter(|((file, _), _)| file.is_lead) {
                parts.push(RebalancedPart {
                    name: file.path.file_name().map_or_else(
                        || file.path.display().to_string(),
                        |name| name.to_string_lossy().into_owned(),
                    ),
                    blake3: acetate_io::content_hash(&file.path)?,
                    delay_frames: figures.delay_frames,
                    added_gain: (added * gain) as f32,
                });
            }
        }
        Ok(Rebalance {
            move_db,
            lead_to_rest_db: lead.lead_to_rest_db,
            released_db,
            parts,
        })
    }

    /// The files of the lead, in the order of a [`Rebalance`]'s parts.
    pub(crate) fn lead_paths(&self) -> Vec<PathBuf> {
        let leads = self.files.iter().filter(|file| file.is_lead);
        leads.map(|file| file.path.clone()).collect()
    }
}

/// What a rebalance adds to the mix, from its files in the order of its parts.
pub(crate) fn added<'a>(
    rebalance: &Rebalance,
    paths: &[PathBuf],
    mix: Spec,
    observer: &'a dyn Observer,
) -> anyhow::Result<Added<StemSource<'a>>> {
    let parts = rebalance.parts.iter().zip(paths);
    let parts = parts.map(|(part, path)| {
        let source = open(path, mix.sample_rate_hz, observer)?;
        Ok((
            Aligned::new(source, part.delay_frames, mix),
            part.added_gain,
        ))
    });
    let mut added = Added::new(parts.collect::<anyhow::Result<Vec<_>>>()?);
    added.rewind()?;
    Ok(added)
}

/// A stem at the rate of the mix.
fn open<'a>(
    path: &Path,
    rate_hz: u32,
    observer: &'a dyn Observer,
) -> anyhow::Result<StemSource<'a>> {
    let decoder = acetate_io::open(path, &OpenOptions { strict: false })?;
    declare(path, &decoder, observer);
    let inner = AtRate::new(decoder, rate_hz).with_context(|| path.display().to_string())?;
    Ok(Watched { inner, observer })
}

/// Marks the leads by their names: a lead voice, else any voice that is not behind it, else what is called lead.
fn name_leads(files: &mut [StemFile]) {
    let words: Vec<Vec<String>> = files
        .iter()
        .map(|file| {
            let name = file.path.file_stem().unwrap_or_default().to_string_lossy();
            let words = name.split(|letter: char| !letter.is_alphabetic());
            words.map(str::to_lowercase).collect()
        })
        .collect();
    let begins = |words: &[String], with: &[&str]| {
        let mut pairs = words
            .iter()
            .flat_map(|word| with.iter().map(move |with| (word, with)));
        pairs.any(|(word, with)| word.starts_with(with))
    };
    let is_lead = |words: &[String]| begins(words, &["lead"]) && !begins(words, &BEHIND);
    let is_voice = |words: &[String]| {
        let of_lead = words.iter().filter_map(|word| word.strip_prefix("lead"));
        let mut joined = of_lead.map(str::to_owned).collect::<Vec<_>>();
        joined.extend_from_slice(words);
        begins(&joined, &VOICE) && !begins(words, &BEHIND)
    };
    let marks = |rule: &dyn Fn(&[String]) -> bool| -> Vec<bool> {
        words.iter().map(|words| rule(words)).collect()
    };
    let rules = [
        marks(&|words| is_lead(words) && is_voice(words)),
        marks(&is_voice),
        marks(&is_lead),
    ];
    if let Some(marks) = rules.into_iter().find(|marks| marks.contains(&true)) {
        for (file, is_lead) in files.iter_mut().zip(marks) {
            file.is_lead = is_lead;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(names: &[&str]) -> Vec<String> {
        let mut files: Vec<StemFile> = names
            .iter()
            .map(|name| StemFile {
                path: PathBuf::from(name),
                is_lead: false,
            })
            .collect();
        name_leads(&mut files);
        let leads = files.into_iter().filter(|file| file.is_lead);
        leads.map(|file| file.path.display().to_string()).collect()
    }

    #[test]
    fn the_lead_is_told_by_its_name() {
        let song = [
            "Song_Kick.wav",
            "Song_VOX LEAD.wav",
            "Song_BGVOX 1.wav",
            "Song_VOX ECHO.wav",
        ];
        assert_eq!(leads(&song), ["Song_VOX LEAD.wav"]);
        assert_eq!(
            leads(&["leadvocals.wav", "lead guitar.wav"]),
            ["leadvocals.wav"]
        );
        assert_eq!(
            leads(&["Vocals.wav", "Lead Guitar.wav", "Backing Vocals.wav"]),
            ["Vocals.wav"]
        );
        assert_eq!(leads(&["synth-lead.wav", "bass.wav"]), ["synth-lead.wav"]);
        assert_eq!(leads(&["drums.wav", "bass.wav"]), [""; 0]);
    }
}
