//! A master's way up to the limiter once more, for whoever wants to show or hand over what lies
//! between the mix and the master.

use acetate_dsp::chain::Bypass;
use acetate_dsp::settings::Settings;
use acetate_dsp::{Analysis, Source, Spec, StreamError};

use crate::error::MasterError;
use crate::render;

/// Hands everything before the limiter, at the rate of `spec` and without the drive, to `take`.
///
/// `analysis` is the input's own, since thresholds are relative to its loudness.
///
/// # Errors
/// [`MasterError`] when the input or `take` fails, or the rate cannot be rendered.
pub fn before_limiter(
    input: &mut dyn Source,
    analysis: &Analysis,
    settings: &Settings,
    bypass: &Bypass,
    spec: Spec,
    take: &mut dyn FnMut(&mut dyn Source) -> Result<(), StreamError>,
) -> Result<(), MasterError> {
    input.rewind()?;
    render::before_limiter(input, analysis, settings, bypass, spec, take)?;
    Ok(())
}
