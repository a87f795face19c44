//! The mastering pipeline, stage by stage: [`Measured`] → [`Planned`] → [`Rendered`] → [`Mastered`].
//!
//! Each stage is a type that only the stage before it makes, so what an earlier one has proved need not be
//! checked again. [`master()`] runs all of them.

mod mastered;
mod measured;
mod planned;
mod rendered;

pub use self::mastered::{Assessment, Forecast, MasterFile, Mastered};
pub use self::measured::Measured;
pub use self::rendered::Rendered;
pub use crate::plan::Planned;

use acetate_dsp::Source;
use acetate_model::Predictor;

use crate::brief::Brief;
use crate::delivery::{Delivery, Progress};
use crate::error::MasterError;

/// Makes a verified master of `input`: every stage of the pipeline, once.
///
/// The delivery holds the master when this returns `Ok`; giving it its name is up to the caller. A loudness
/// that could not be reached is delivered and reported; a ceiling that could not be held is an error.
///
/// # Errors
/// [`MasterError`]: input or output failed, the settings or weights do not fit, the program has no
/// loudness, the ceiling could not be held, or `progress` stopped the work.
pub fn master(
    input: &mut dyn Source,
    predictor: &dyn Predictor,
    brief: &Brief,
    delivery: &mut dyn Delivery,
    progress: &mut dyn Progress,
) -> Result<Mastered, MasterError> {
    Measured::measure(input, brief, progress)?
        .plan(predictor, brief)?
        .render(input, delivery, progress)?
        .deliver(delivery, progress)
}
