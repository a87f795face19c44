//! [`Passage`]: a few seconds of a song as its master would have them, while somebody turns a knob.
//!
//! The thresholds are relative to the whole song's loudness, and the drive is the whole song's: a passage that
//! were analyzed and solved by itself would sound like another song.

use std::ops::Range;

use acetate_dsp::chain::{Bypass, Stage};
use acetate_dsp::measure::loudness::{Loudness, integrated_from_k_power_10ms};
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::processed::Processed;
use acetate_dsp::process::{ProcessSpec, Processor};
use acetate_dsp::settings::Settings;
use acetate_dsp::stream::{AudioSource, BLOCK_FRAMES};
use acetate_dsp::units::gain_from_db;
use acetate_dsp::{Analysis, Audio, Source, Spec, StreamError};

use crate::error::MasterError;
use crate::render::read_passages;

/// What is rendered before a passage and thrown away: compressor and limiter have settled by then, seconds.
const LEAD_S: f64 = 2.0;
/// What is rendered behind it, for what the stages look ahead, seconds.
const TAIL_S: f64 = 0.25;
/// A passage this close to the loudness that was asked for is left as it is, LU.
const CLOSE_ENOUGH_LU: f64 = 0.05;
/// Most drives that are tried for a loudness.
const MAX_DRIVES: usize = 3;

/// How far a passage is driven into the limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PassageLevel {
    /// With this drive, dB.
    Drive(f64),
    /// Until the passage has this loudness, LUFS: the drive of the settings is where the search begins.
    Loudness(f64),
}

/// What a passage became.
#[derive(Clone, Debug)]
pub struct RenderedPassage {
    /// As many frames as were asked for.
    pub audio: Audio,
    /// The drive that it was rendered with, dB.
    pub drive_db: f64,
}

/// A passage of a mix with what stands around it, kept to be rendered again and again.
#[derive(Clone, Debug)]
pub struct Passage {
    mix: Audio,
    /// Where the mix's frames begin in the song.
    from_frame: u64,
    /// Which of them were asked for.
    wanted: Range<usize>,
    program_lufs: f64,
}

impl Passage {
    /// Cuts `frames` out of `mix`, the program that `analysis` tells of.
    ///
    /// # Errors
    /// [`MasterError::Stream`] where the mix cannot be read.
    pub fn cut(
        mix: &mut dyn Source,
        analysis: &Analysis,
        frames: Range<u64>,
    ) -> Result<Self, MasterError> {
        let per_s = f64::from(analysis.sample_rate_hz);
        let start = frames.start.min(analysis.frames);
        let end = frames.end.clamp(start, analysis.frames);
        let from_frame = start.saturating_sub((LEAD_S * per_s) as u64);
        let to_frame = (end + (TAIL_S * per_s) as u64).min(analysis.frames);
        let around = std::iter::once(from_frame..to_frame).collect::<Vec<_>>();
        let mix = read_passages(mix, &around)?.pop();
        let mix =
            mix.unwrap_or_else(|| Audio::silence(analysis.sample_rate_hz, analysis.channels, 0));
        // A passage is seconds long: the casts lose nothing.
        let wanted = (start - from_frame) as usize..(end - from_frame) as usize;
        Ok(Self {
            wanted: wanted.start.min(mix.frames())..wanted.end.min(mix.frames()),
            mix,
            from_frame,
            program_lufs: analysis.program().integrated_lufs,
        })
    }

    /// Renders it with these settings. `go_on` is asked at every block, and may end the work.
    ///
    /// # Errors
    /// [`MasterError::Stream`] where `go_on` ends it.
    pub fn render(
        &self,
        settings: &Settings,
        bypass: &Bypass,
        level: PassageLevel,
        go_on: &mut dyn FnMut() -> Result<(), StreamError>,
    ) -> Result<RenderedPassage, MasterError> {
        let before = self.before_limiter(settings, bypass, go_on)?;
        let (mut drive_db, aim_lufs) = match level {
            PassageLevel::Drive(drive_db) => (drive_db, None),
            PassageLevel::Loudness(lufs) => (settings.limiter.drive_db, Some(lufs)),
        };
        let mut audio = self.limited(&before, settings, bypass, drive_db);
        for _ in 1..MAX_DRIVES {
            go_on()?;
            let off_lu = aim_lufs.map_or(0.0, |aim| aim - loudness_lufs(&audio));
            if !off_lu.is_finite() || off_lu.abs() <= CLOSE_ENOUGH_LU {
                break;
            }
            drive_db += off_lu;
            audio = self.limited(&before, settings, bypass, drive_db);
        }
        Ok(RenderedPassage { audio, drive_db })
    }

    fn process(&self) -> ProcessSpec {
        ProcessSpec {
            sample_rate_hz: self.mix.sample_rate_hz(),
            channels: self.mix.channel_count(),
            program_lufs: self.program_lufs,
        }
    }

    /// Everything before the limiter, with the lead.
    fn before_limiter(
        &self,
        settings: &Settings,
        bypass: &Bypass,
        go_on: &mut dyn FnMut() -> Result<(), StreamError>,
    ) -> Result<Audio, MasterError> {
        let rate_hz = f64::from(self.mix.sample_rate_hz());
        let from_s = self.from_frame as f64 / rate_hz;
        let to_s = from_s + self.mix.frames() as f64 / rate_hz;
        let settings = settings.of_passage(from_s, to_s);
        let chain = acetate_dsp::chain::Chain::new(&settings, &self.process(), bypass);
        let mut rendered = Processed::new(AudioSource::new(self.mix.clone()), chain);
        let Spec {
            sample_rate_hz,
            channels,
        } = rendered.spec();
        let mut block = Audio::silence(sample_rate_hz, channels, 0);
        let mut whole = Audio::silence(sample_rate_hz, channels, 0);
        while rendered.read(&mut block, BLOCK_FRAMES)? > 0 {
            go_on()?;
            whole.append(&block);
        }
        Ok(whole)
    }

    /// Drive and limiter, then without the lead; the drive alone where the limiter is left out, as the trim of a
    /// whole song holds its ceiling then.
    fn limited(
        &self,
        before: &Audio,
        settings: &Settings,
        bypass: &Bypass,
        drive_db: f64,
    ) -> Audio {
        if bypass.contains(Stage::Limiter) {
            let mut audio = before.slice(self.wanted.start, self.wanted.end);
            audio.scale(gain_from_db(drive_db) as f32);
            return audio;
        }
        let mut driven = settings.limiter;
        driven.drive_db = drive_db;
        let ceiling_dbtp = settings.target.true_peak_dbtp;
        let mut limiter = Limiter::new(&driven, ceiling_dbtp, &self.process());
        let late = limiter.latency_frames();
        let mut audio = before.clone();
        audio.set_frames(before.frames() + late);
        limiter.process(&mut audio);
        audio.slice(self.wanted.start + late, self.wanted.end + late)
    }
}

/// Integrated loudness of a passage, LUFS; `-inf` for silence.
pub fn loudness_lufs(audio: &Audio) -> f64 {
    let mut meter = Loudness::new(audio.sample_rate_hz(), false);
    meter.process(audio);
    integrated_from_k_power_10ms(meter.k_power_10ms())
}

#[cfg(test)]
mod tests {
    use acetate_dsp::signal;
    use acetate_model::NetPredictor;

    use super::*;
    use crate::{Brief, MemoryDelivery, master};

    const RATE_HZ: u32 = 44_100;

    /// A mix, its analysis, its master, and the settings with which that was made.
    fn mastered() -> (Audio, Analysis, Audio, Settings) {
        let mix = signal::mix(RATE_HZ, 20.0);
        let predictor = NetPredictor::embedded().unwrap();
        let mut delivery = MemoryDelivery::default();
        let mut source = AudioSource::new(mix.clone());
        let brief = Brief::default();
        let mastered = master(&mut source, &predictor, &brief, &mut delivery, &mut ()).unwrap();
        let written = delivery.into_written().unwrap();
        (mix, mastered.analysis, written, mastered.treatment.settings)
    }

    fn loudest_difference(a: &Audio, b: &Audio) -> f32 {
        let samples = a
            .channels()
            .iter()
            .flatten()
            .zip(b.channels().iter().flatten());
        samples.fold(0.0, |most, (a, b)| most.max((a - b).abs()))
    }

    #[test]
    fn a_passage_is_the_master_within_what_the_lead_leaves() {
        let (mix, analysis, written, settings) = mastered();
        let frames = u64::from(RATE_HZ) * 8..u64::from(RATE_HZ) * 12;
        let mut source = AudioSource::new(mix);
        let passage = Passage::cut(&mut source, &analysis, frames.clone()).unwrap();
        let level = PassageLevel::Drive(settings.limiter.drive_db);
        let made = passage
            .render(&settings, &Bypass::default(), level, &mut || Ok(()))
            .unwrap();
        let expected = written.slice(frames.start as usize, frames.end as usize);
        assert_eq!(made.audio.frames(), expected.frames());
        let off = loudest_difference(&made.audio, &expected);
        assert!(off < 0.01, "{off}");
    }

    #[test]
    fn a_passage_comes_to_the_loudness_that_is_asked_for() {
        let (mix, analysis, _, settings) = mastered();
        let frames = u64::from(RATE_HZ) * 2..u64::from(RATE_HZ) * 6;
        let passage = Passage::cut(&mut AudioSource::new(mix), &analysis, frames).unwrap();
        let level = PassageLevel::Loudness(-18.0);
        let made = passage
            .render(&settings, &Bypass::default(), level, &mut || Ok(()))
            .unwrap();
        assert!((loudness_lufs(&made.audio) + 18.0).abs() < 0.2);
    }

    #[test]
    fn the_ends_of_a_song_can_be_cut_too() {
        let (mix, analysis, ..) = mastered();
        let mut source = AudioSource::new(mix);
        for frames in [0..1000, analysis.frames - 1000..analysis.frames + 5] {
            let passage = Passage::cut(&mut source, &analysis, frames).unwrap();
            let level = PassageLevel::Drive(0.0);
            let made = passage.render(&Settings::default(), &Bypass::default(), level, &mut || {
                Ok(())
            });
            assert_eq!(made.unwrap().audio.frames(), 1000);
        }
    }
}
