//! [`Unlimited`]: the master without its limiter once more, and what the limiter takes of it.

use acetate_dsp::chain::{Bypass, Stage};
use acetate_dsp::process::limiter::Limiter;
use acetate_dsp::process::{ProcessSpec, Processor};
use acetate_dsp::units::{db_from_gain, gain_from_db};
use acetate_dsp::{Analysis, Audio, Source, Spec, StreamError, for_each_block};

use crate::render::PreLimiter;
use crate::report::Treatment;

/// A master that was made, to be looked at before its limiter.
#[derive(Clone, Copy, Debug)]
pub struct Unlimited<'a> {
    /// The mix's own analysis.
    pub analysis: &'a Analysis,
    /// What was done.
    pub treatment: &'a Treatment,
    /// Stages left out.
    pub bypass: &'a Bypass,
}

impl Unlimited<'_> {
    /// Renders the mix at the rate of `spec` and hands it to `take` block by block, as loud as it goes into the
    /// limiter. Returns what the limiter takes in each 10 ms, dB, positive; nothing where it is left out.
    ///
    /// # Errors
    /// [`StreamError`] if the input or `take` fails, or the rate cannot be rendered.
    pub fn render(
        &self,
        mix: &mut dyn Source,
        spec: Spec,
        take: &mut dyn FnMut(&Audio) -> Result<(), StreamError>,
    ) -> Result<Vec<f64>, StreamError> {
        let done = self.treatment;
        let process = ProcessSpec {
            sample_rate_hz: spec.sample_rate_hz,
            channels: spec.channels,
            program_lufs: done.target.integrated_lufs,
        };
        let frames = (self.analysis.duration_s * f64::from(spec.sample_rate_hz)) as u64;
        let limiter = Limiter::new(&done.settings.limiter, done.last_ceiling_dbtp(), &process);
        let mut limiter = limiter.with_gain_trace(frames);
        let gain = gain_from_db(done.settings.limiter.drive_db + done.last_trim_db()) as f32;
        let is_limited = !self.bypass.contains(Stage::Limiter);
        let chain = PreLimiter {
            analysis: self.analysis,
            settings: &done.settings,
            bypass: self.bypass,
        };
        chain.render(mix, spec, &mut |source| {
            for_each_block(source, &mut |block| {
                if is_limited {
                    limiter.process(&mut block.clone());
                }
                block.scale(gain);
                take(block)
            })
        })?;
        // What the limiter still holds.
        let mut tail = Audio::silence(spec.sample_rate_hz, spec.channels, limiter.latency_frames());
        limiter.process(&mut tail);
        let trace = limiter.gain_trace().iter().filter(|_| is_limited);
        Ok(trace.map(|gain| -db_from_gain(f64::from(*gain))).collect())
    }
}
