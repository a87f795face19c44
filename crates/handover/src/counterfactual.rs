//! What each stage is worth: the loudest passage rendered once more without it.

use acetate_dsp::analysis::{Analysis, AnalyzeOptions, analyze_with};
use acetate_dsp::chain::{Bypass, Chain, Stage};
use acetate_dsp::measure::bands;
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::{ProcessSpec, processed};
use acetate_dsp::settings::Settings;
use acetate_dsp::stream::AudioSource;
use acetate_dsp::units::{db_from_power, gain_from_db, hertz, power_from_db};
use acetate_dsp::{Audio, StreamError};

/// A change of less than this is said to be none, in the unit of each figure.
const NOTHING: f64 = 0.05;

/// The passage without one stage, held against the passage with all of them.
#[derive(Clone, Debug)]
pub(crate) struct Without {
    /// The stage that was taken out.
    pub(crate) stage: &'static str,
    /// Change of loudness, LU.
    pub(crate) loudness_lu: f64,
    /// Mean change of tone over the third octaves, loudness matched, dB.
    pub(crate) tone_db: f64,
    /// Where the tone changes most: center in Hz and change in dB.
    pub(crate) most: (f64, f64),
    /// Change of side against mid, dB; `None` for mono.
    pub(crate) width_db: Option<f64>,
    /// Change of peak to loudness, dB.
    pub(crate) plr_db: f64,
    /// Change of the most that the limiter takes, dB; `None` where the limiter itself is out.
    pub(crate) limiting_db: Option<f64>,
    /// True peak without the stage, dBTP.
    pub(crate) true_peak_dbtp: f64,
}

impl Without {
    /// One sentence for the page.
    pub(crate) fn sentence(&self) -> String {
        let mut parts = Vec::new();
        let (hz, most_db) = self.most;
        if self.tone_db >= NOTHING || most_db.abs() >= 2.0 * NOTHING {
            parts.push(format!(
                "tone {:.1} dB off on average, most at {} ({most_db:+.1} dB)",
                self.tone_db,
                hertz(hz)
            ));
        }
        if self.loudness_lu.abs() >= NOTHING {
            parts.push(format!("{:+.1} LU in loudness", self.loudness_lu));
        }
        if let Some(width_db) = self.width_db.filter(|change| change.abs() >= NOTHING) {
            parts.push(format!("{width_db:+.1} dB in width"));
        }
        if self.plr_db.abs() >= NOTHING {
            parts.push(format!("{:+.1} dB from peak to loudness", self.plr_db));
        }
        match self.limiting_db {
            Some(change) if change.abs() >= NOTHING => {
                parts.push(format!("{change:+.1} dB for the limiter to take"));
            }
            None => parts.push(format!("peaks at {:+.1} dBTP", self.true_peak_dbtp)),
            Some(_) => {}
        }
        if parts.is_empty() {
            return "nothing that could be heard would change in this passage".to_owned();
        }
        parts.join("; ")
    }
}

/// Takes out every stage that does something, one at a time. `passage` is of the mix, at its own
/// rate; drive and ceiling stay as they are, so that what is heard is the stage alone.
pub(crate) fn each_stage(
    passage: &Audio,
    program_lufs: f64,
    settings: &Settings,
    bypass: &Bypass,
    ceiling_dbtp: f64,
) -> Result<Vec<Without>, StreamError> {
    let render =
        |bypass: &Bypass| Passage::of(passage, program_lufs, settings, bypass, ceiling_dbtp);
    let whole = render(bypass)?;
    let spec = spec_of(passage, program_lufs);
    let processors = |bypass: &Bypass| Chain::new(settings, &spec, bypass).report().len();
    let active = processors(bypass);
    let mut without = Vec::new();
    for stage in Stage::ALL {
        let bypass = Bypass::new(bypass.stages().chain([stage]));
        if processors(&bypass) == active && stage != Stage::Limiter {
            continue;
        }
        without.push(whole.against(&render(&bypass)?, stage));
    }
    Ok(without)
}

fn spec_of(passage: &Audio, program_lufs: f64) -> ProcessSpec {
    ProcessSpec {
        sample_rate_hz: passage.sample_rate_hz(),
        channels: passage.channel_count(),
        program_lufs,
    }
}

/// A rendered passage and its figures.
struct Passage {
    analysis: Analysis,
    limiting_db: f64,
}

impl Passage {
    fn of(
        passage: &Audio,
        program_lufs: f64,
        settings: &Settings,
        bypass: &Bypass,
        ceiling_dbtp: f64,
    ) -> Result<Self, StreamError> {
        let spec = spec_of(passage, program_lufs);
        let mut chain = Chain::new(settings, &spec, bypass);
        let mut audio = processed(&mut chain, passage);
        let mut limiting_db = 0.0;
        if bypass.contains(Stage::Limiter) {
            audio.scale(gain_from_db(settings.limiter.drive_db) as f32);
        } else {
            let mut limiter = Limiter::new(&settings.limiter, ceiling_dbtp, &spec);
            audio = processed(&mut limiter, &audio);
            limiting_db = limiter.reduction().max_db;
        }
        let mut source = AudioSource::new(audio);
        let analysis = analyze_with(&mut source, &AnalyzeOptions::default(), &mut |_| Ok(()))?;
        Ok(Self {
            analysis,
            limiting_db,
        })
    }

    /// What changes from this to `other`.
    fn against(&self, other: &Self, stage: Stage) -> Without {
        let (with, without) = (&self.analysis, &other.analysis);
        let loudness_lu = without.integrated_lufs - with.integrated_lufs;
        let changes = centered(tone_changes_db(with, without));
        let tone_db = bands::mean_distance_db(changes.iter().map(|(_, db)| *db));
        let most = changes
            .into_iter()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .unwrap_or((1000.0, 0.0));
        Without {
            stage: stage.name(),
            loudness_lu: finite(loudness_lu),
            tone_db,
            most,
            width_db: (with.channels == 2).then(|| finite(width_db(without) - width_db(with))),
            plr_db: finite(without.plr_db - with.plr_db),
            limiting_db: (stage != Stage::Limiter).then_some(other.limiting_db - self.limiting_db),
            true_peak_dbtp: without.true_peak_dbtp,
        }
    }
}

/// Changes less their mean: what is left is tone alone, not mid against side.
fn centered(changes: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mean_db = changes.iter().map(|(_, db)| db).sum::<f64>() / changes.len().max(1) as f64;
    changes
        .into_iter()
        .map(|(hz, db)| (hz, db - mean_db))
        .collect()
}

/// A difference of two levels that do not exist is none.
fn finite(difference: f64) -> f64 {
    if difference.is_finite() {
        difference
    } else {
        0.0
    }
}

/// Change of each third octave of mid that is heard, loudness matched: center in Hz, dB.
pub fn tone_changes_db(from: &Analysis, to: &Analysis) -> Vec<(f64, f64)> {
    (0..bands::THIRD_OCTAVES)
        .filter_map(|band| {
            let relative =
                |analysis: &Analysis| analysis.spectrum.mid_db[band] - analysis.integrated_lufs;
            let (was, is) = (relative(from), relative(to));
            (was > bands::AUDIBLE_DB && is.is_finite()).then(|| (bands::center_hz(band), is - was))
        })
        .collect()
}

/// Level of side against mid over the whole spectrum, dB.
pub fn width_db(analysis: &Analysis) -> f64 {
    let power = |levels: &[f64]| -> f64 { levels.iter().map(|db| power_from_db(*db)).sum() };
    db_from_power(power(&analysis.spectrum.side_db))
        - db_from_power(power(&analysis.spectrum.mid_db))
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::signal::white;

    fn passage() -> Audio {
        let mut audio = Audio::new(48_000, vec![white(96_000, 1), white(96_000, 2)]).unwrap();
        audio.scale(0.1);
        audio
    }

    #[test]
    fn only_what_acts_is_taken_out_and_what_it_did_is_measured() {
        let mut settings = Settings::default();
        settings.eq.mid_db = [3.0; 12];
        settings.eq.mid_db[8..].fill(-3.0);
        settings.stereo.mid_db = -3.0;
        settings.stereo.low_db = -3.0;
        settings.stereo.high_db = -3.0;
        settings.limiter.drive_db = 6.0;
        let audio = passage();
        let without = each_stage(&audio, -20.0, &settings, &Bypass::default(), -1.0).unwrap();
        let names: Vec<&str> = without.iter().map(|w| w.stage).collect();
        assert_eq!(names, ["eq", "stereo", "limiter"]);
        // Noise has as much mid as side; without the stereo stage there are 3 dB more side.
        let width_db = without[1].width_db.unwrap();
        assert!((width_db - 3.0).abs() < 0.1, "{width_db}");
        assert!(
            without[0].tone_db > 2.0 && without[0].tone_db < 4.5,
            "{:?}",
            without[0]
        );
        assert!(without[1].tone_db < 0.2);
        assert_eq!(without[2].limiting_db, None);
        assert!(without[0].sentence().contains("tone"));
    }

    #[test]
    fn a_repair_alone_is_cleanup_that_acts() {
        let mut settings = Settings::default();
        settings.cleanup.repairs = vec![acetate_dsp::settings::Repair {
            at_s: 1.0,
            length_ms: 20.0,
            kind: acetate_dsp::settings::RepairKind::Attenuate,
            gain_db: -12.0,
            channel: acetate_dsp::settings::RepairedChannel::Both,
        }];
        let without = each_stage(&passage(), -20.0, &settings, &Bypass::default(), -1.0).unwrap();
        let names: Vec<&str> = without.iter().map(|w| w.stage).collect();
        assert_eq!(names, ["cleanup", "limiter"]);
    }
}
