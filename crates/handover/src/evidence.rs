//! [`Evidence`]: everything that the report page shows, measured once.
//!
//! Three passes: one over the mix as it is, one over the way from the mix to the limiter, one over
//! the master. None keeps more in memory than the passages that can be listened to.

use acetate_dsp::analysis::{Analysis, AnalyzeOptions, analyze_with};
use acetate_dsp::chain::{Bypass, Chain, Stage};
use acetate_dsp::for_each_block;
use acetate_dsp::process::compressor::{self, Compressor};
use acetate_dsp::process::processed::Processed;
use acetate_dsp::process::{ProcessSpec, Processor};
use acetate_dsp::settings::MID_KNOTS;
use acetate_dsp::stream::Tapped;
use acetate_dsp::units::db_from_power;
use acetate_dsp::{Audio, Source};
use acetate_master::{MasterFile, Unlimited};
use acetate_model::Signature;

use crate::base64::encoded_len;
use crate::counterfactual::{self, Without};
use crate::error::HandoverError;
use crate::overview::{Cut, Overview, Stretch};
use crate::version::{SOUND_BYTES, Version};

/// Passage that can be listened to where the whole song does not fit into the page, seconds.
const PASSAGE_S: f64 = 60.0;
/// Longest song that is looked at for whether it fits, seconds.
const LONGEST_S: f64 = 240.0;
/// Bytes of FLAC for one of 16-bit PCM, as loud music takes.
const FLAC_SHARE: f64 = 0.7;
/// Length of the passage that is rendered once more without each stage, seconds.
const COUNTERFACTUAL_S: f64 = 20.0;
/// Steps of the compressor's gain over time, a second.
const GAIN_STEPS_PER_S: u64 = 10;
/// Power below which a gain cannot be read from what goes in and what comes out.
const SILENT_POWER: f64 = 1e-12;

/// Another program that can be listened to beside mix and master.
pub struct Other<'a> {
    /// What a listener picks it by.
    pub label: String,
    /// One sentence on what it is.
    pub what: String,
    /// The sound.
    pub source: &'a mut dyn Source,
    /// The same song, frame by frame, at whatever rate: the same passage is cut from it. Of
    /// another song the loudest passage is taken.
    pub same_song: bool,
}

/// What the page is made from.
pub struct Material<'a> {
    /// The mix.
    pub mix: &'a mut dyn Source,
    /// The master that was delivered.
    pub master: &'a mut dyn Source,
    /// What was done and measured.
    pub file: &'a MasterFile,
    /// Stages that were left out.
    pub bypass: &'a Bypass,
    /// What the net proposed for the EQ before any gate, dB, and its standard deviation; `None`
    /// where nothing was predicted.
    pub proposal: Option<EqProposal>,
    /// The signature that the settings lead to, where there is a reference.
    pub reference: Option<&'a Signature>,
    /// The certificate's text, where there is one.
    pub certificate: Option<String>,
    /// References and variants.
    pub others: Vec<Other<'a>>,
}

/// The net's own word on the EQ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EqProposal {
    /// The curve at each mid knot before the gate, dB.
    pub mid_db: [f64; MID_KNOTS],
    /// Its predicted standard deviation, dB.
    pub sd_db: [f64; MID_KNOTS],
}

/// Everything that the page shows.
pub(crate) struct Evidence {
    pub(crate) mix: Overview,
    pub(crate) master: Overview,
    /// The mix's analysis.
    pub(crate) before: Analysis,
    /// The master's analysis.
    pub(crate) after: Analysis,
    /// Gain reduction of the limiter in each 10 ms, dB, positive.
    pub(crate) limiting_db: Vec<f64>,
    /// Gain reduction of the compressor, [`GAIN_STEPS_PER_S`] times a second, dB, positive; empty
    /// where it is out.
    pub(crate) compression_db: Vec<f64>,
    /// What else was made of the mix: its name and its analysis.
    pub(crate) variants: Vec<(String, Analysis)>,
    /// The passage that can be listened to.
    pub(crate) passage: Stretch,
    /// Its loudest part, for the loop.
    pub(crate) loop_within: Stretch,
    pub(crate) versions: Vec<Version>,
    pub(crate) without: Vec<Without>,
    /// The passage behind `without`.
    pub(crate) without_passage: Stretch,
}

/// Measures everything. `progress` is told the pass, from 0, and the share of it that is done.
pub(crate) fn collect(
    material: &mut Material<'_>,
    progress: &mut dyn FnMut(usize, f64),
) -> Result<Evidence, HandoverError> {
    let done = &material.file.mastered.treatment;
    let before = material.file.mastered.analysis.clone();
    let (after, master) = look_at(material.master, &mut |share| progress(0, share))?;
    let powers = &after.sequences.k_power_10ms;
    let passage = Stretch::loudest(powers, longest_s(material));
    let without_passage = Stretch::loudest(powers, COUNTERFACTUAL_S);
    let loop_within = loudest_within(powers, passage);

    let spec = material.mix.spec();
    let cut = |rate, channels| Cut::new(rate, channels, passage.frames(rate));
    let mut mix = Overview::new(before.frames);
    let mut mix_cut = cut(spec.sample_rate_hz, spec.channels);
    let mut short = Cut::new(
        spec.sample_rate_hz,
        spec.channels,
        without_passage.frames(spec.sample_rate_hz),
    );
    let mut seen = 0;
    for_each_block(material.mix, &mut |block| {
        mix.push(block);
        mix_cut.push(block);
        short.push(block);
        seen += block.frames() as u64;
        progress(1, seen as f64 / before.frames.max(1) as f64);
        Ok(())
    })?;
    let of_passage = done.settings.of_passage(
        without_passage.from_s,
        without_passage.from_s + without_passage.length_s,
    );
    let without = counterfactual::each_stage(
        &short.into_audio(),
        before.program().integrated_lufs,
        &of_passage,
        material.bypass,
        done.last_ceiling_dbtp(),
    )?;

    let (unlimited, limiting_db) = unlimited(material, &before, passage, &mut |share| {
        progress(2, share);
    })?;
    let compression_db = compression(material, &before)?;
    let spec = material.master.spec();
    let mut master_cut = cut(spec.sample_rate_hz, spec.channels);
    for_each_block(material.master, &mut |block| {
        master_cut.push(block);
        Ok(())
    })?;
    let mut versions = vec![
        Version {
            label: "Mix".to_owned(),
            what: "the mix as it came".to_owned(),
            audio: mix_cut.into_audio(),
        },
        Version {
            label: "Master".to_owned(),
            what: "what was delivered".to_owned(),
            audio: master_cut.into_audio(),
        },
        Version {
            label: "Un-limited".to_owned(),
            what: "the master without its limiter".to_owned(),
            audio: unlimited,
        },
    ];
    let mut variants = Vec::new();
    for other in &mut material.others {
        versions.push(other_version(other, passage)?);
        if other.same_song {
            let analysis = analyze_with(other.source, &AnalyzeOptions::default(), &mut |_| Ok(()))?;
            variants.push((other.label.clone(), analysis));
        }
    }
    Ok(Evidence {
        mix,
        master,
        before,
        after,
        limiting_db,
        compression_db,
        variants,
        passage,
        loop_within,
        versions,
        without,
        without_passage,
    })
}

/// How much of the song the page can hold of each version, seconds.
fn longest_s(material: &Material<'_>) -> f64 {
    let spec = material.master.spec();
    let bytes_per_s = 2.0 * f64::from(spec.sample_rate_hz) * spec.channels as f64 * FLAC_SHARE;
    let versions = 3 + material.others.len();
    let fits_s =
        SOUND_BYTES as f64 / (versions as f64 * encoded_len(1000) as f64 / 1000.0 * bytes_per_s);
    fits_s.clamp(PASSAGE_S, LONGEST_S)
}

/// Analysis and overview of a program in one pass.
fn look_at(
    source: &mut dyn Source,
    progress: &mut dyn FnMut(f64),
) -> Result<(Analysis, Overview), HandoverError> {
    let frames = source.frames_hint().unwrap_or(0);
    let mut overview = Overview::new(frames);
    let mut tapped = Tapped::new(source, |block| {
        overview.push(block);
        Ok(())
    });
    let analysis = analyze_with(&mut tapped, &AnalyzeOptions::default(), &mut |done| {
        progress(done as f64 / frames.max(1) as f64);
        Ok(())
    })?;
    Ok((analysis, overview))
}

/// Ten seconds at most: what a listener can keep in mind.
fn loudest_within(k_power_10ms: &[f32], passage: Stretch) -> Stretch {
    const LOOP_S: f64 = 10.0;
    let steps = passage.frames(100);
    let range = steps.start as usize..(steps.end as usize).min(k_power_10ms.len());
    let part = k_power_10ms.get(range).unwrap_or(&[]);
    Stretch::loudest(part, LOOP_S)
}

/// The passage with everything but the limiter, and the limiter's gain over the whole song.
fn unlimited(
    material: &mut Material<'_>,
    before: &Analysis,
    passage: Stretch,
    progress: &mut dyn FnMut(f64),
) -> Result<(Audio, Vec<f64>), HandoverError> {
    let spec = material.master.spec();
    let mut cut = Cut::new(
        spec.sample_rate_hz,
        spec.channels,
        passage.frames(spec.sample_rate_hz),
    );
    let frames = before.duration_s * f64::from(spec.sample_rate_hz);
    let mut seen = 0_usize;
    let master = Unlimited {
        analysis: before,
        treatment: &material.file.mastered.treatment,
        bypass: material.bypass,
    };
    let limiting_db = master.render(material.mix, spec, &mut |block| {
        cut.push(block);
        seen += block.frames();
        progress(seen as f64 / frames.max(1.0));
        Ok(())
    })?;
    Ok((cut.into_audio(), limiting_db))
}

/// What the compressor takes over time: the power that goes in against the one that comes out.
fn compression(material: &mut Material<'_>, before: &Analysis) -> Result<Vec<f64>, HandoverError> {
    let settings = &material.file.mastered.treatment.settings;
    if compressor::is_neutral(&settings.compressor) || material.bypass.contains(Stage::Compressor) {
        return Ok(Vec::new());
    }
    let spec = material.mix.spec();
    let process = ProcessSpec {
        sample_rate_hz: spec.sample_rate_hz,
        channels: spec.channels,
        program_lufs: before.program().integrated_lufs,
    };
    let later = [
        Stage::Compressor,
        Stage::Deesser,
        Stage::Saturation,
        Stage::Stereo,
        Stage::Sections,
    ];
    let earlier = Bypass::new(material.bypass.stages().chain(later));
    let chain = Chain::new(settings, &process, &earlier);
    let mut stage = Compressor::new(&settings.compressor, &process);
    let latency = stage.latency_frames();
    debug_assert_eq!(latency, 0);
    let step_frames = (u64::from(spec.sample_rate_hz) / GAIN_STEPS_PER_S).max(1);
    let (mut at, mut dry, mut wet) = (0_u64, 0.0_f64, 0.0_f64);
    let mut taken_db = Vec::new();
    material.mix.rewind()?;
    let mut rendered = Processed::new(&mut *material.mix, chain);
    for_each_block(&mut rendered, &mut |block| {
        let input = block.clone();
        stage.process(block);
        for frame in 0..block.frames() {
            for (was, is) in input.channels().iter().zip(block.channels()) {
                dry += f64::from(was[frame]).powi(2);
                wet += f64::from(is[frame]).powi(2);
            }
            at += 1;
            if at.is_multiple_of(step_frames) {
                let heard = dry > SILENT_POWER * step_frames as f64;
                taken_db.push(if heard {
                    db_from_power(dry / wet).max(0.0)
                } else {
                    0.0
                });
                (dry, wet) = (0.0, 0.0);
            }
        }
        Ok(())
    })?;
    Ok(taken_db)
}

fn other_version(other: &mut Other<'_>, passage: Stretch) -> Result<Version, HandoverError> {
    let spec = other.source.spec();
    let stretch = if other.same_song {
        passage
    } else {
        let analysis = analyze_with(other.source, &AnalyzeOptions::default(), &mut |_| Ok(()))?;
        Stretch::loudest(&analysis.sequences.k_power_10ms, passage.length_s)
    };
    let mut cut = Cut::new(
        spec.sample_rate_hz,
        spec.channels,
        stretch.frames(spec.sample_rate_hz),
    );
    for_each_block(other.source, &mut |block| {
        cut.push(block);
        Ok(())
    })?;
    Ok(Version {
        label: other.label.clone(),
        what: other.what.clone(),
        audio: cut.into_audio(),
    })
}

impl Evidence {
    /// Steps of `compression_db` a second.
    pub(crate) const COMPRESSION_STEPS_PER_S: f64 = GAIN_STEPS_PER_S as f64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use acetate_dsp::signal::white;
    use acetate_dsp::stream::AudioSource;

    #[test]
    fn the_overview_sees_a_master_with_a_lone_click_once() {
        let mut samples = white(20 * 44_100, 1);
        samples.iter_mut().for_each(|x| *x *= 0.01);
        samples[10 * 44_100..10 * 44_100 + 60].fill(0.9);
        let master = Audio::new(44_100, vec![samples]).unwrap();
        let mut direct = Overview::new(master.frames() as u64);
        direct.push(&master);
        let mut source = AudioSource::new(master);
        let (analysis, seen) = look_at(&mut source, &mut |_| {}).unwrap();
        assert_eq!(analysis.lone_transients.len(), 1);
        assert_eq!(seen.columns(), direct.columns());
    }
}
