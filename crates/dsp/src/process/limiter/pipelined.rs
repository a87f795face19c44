//! [`for_each_limited`]: a source through a limiter, in stations that work side by side.

use std::sync::mpsc;

use super::Limiter;
use super::detector::Detected;
use crate::Audio;
use crate::measure::levels::silence_non_finite;
use crate::pipeline::Pipeline;
use crate::process::Processor;
use crate::process::processed::{WithTail, trimmed};
use crate::stream::{Source, StreamError};

/// Hands every block of a source to `take_block` as `limiter`, which stands at its start, makes it:
/// as many frames as the source has, in place. What the limiter listens to, the gains that it makes of
/// that, and the output are found on different threads where there are some to spare.
///
/// # Errors
/// [`StreamError`] when the source or `take_block` fails.
pub fn for_each_limited(
    source: &mut dyn Source,
    limiter: &mut Limiter,
    take_block: &mut dyn FnMut(&mut Audio) -> Result<(), StreamError>,
) -> Result<(), StreamError> {
    limiter.reset();
    let latency_frames = limiter.latency_frames();
    let mut longer = WithTail::new(source, latency_frames);
    let Limiter {
        detector,
        gains,
        output,
        ..
    } = limiter;
    // What is found goes from station to station beside the block that it was found in.
    let (give, detected) = mpsc::channel::<Detected>();
    let (give_on, with_gains) = mpsc::channel::<Detected>();
    let (give_back, used_up) = mpsc::channel();
    Pipeline::from(&mut longer)
        .then(move |block| {
            silence_non_finite(block);
            let mut found = used_up.try_recv().unwrap_or_default();
            detector.detect(block, 0..block.frames(), &mut found);
            give.send(found).map_err(StreamError::new)
        })
        .then(move |_| {
            let mut found = detected.recv().map_err(StreamError::new)?;
            gains.find(&mut found);
            give_on.send(found).map_err(StreamError::new)
        })
        .then(move |block| {
            let mut found = with_gains.recv().map_err(StreamError::new)?;
            output.apply(block, 0..block.frames(), &mut found.peaks);
            give_back.send(found).map_err(StreamError::new)
        })
        .then(trimmed(latency_frames))
        .run(&mut |block| {
            if block.is_empty() {
                return Ok(());
            }
            take_block(block)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{ProcessSpec, processed};
    use crate::settings;
    use crate::stream::{AudioSource, BLOCK_FRAMES};

    const SPEC: ProcessSpec = ProcessSpec {
        sample_rate_hz: 44_100,
        channels: 1,
        program_lufs: -14.0,
    };

    fn limiter() -> Limiter {
        let limiter = settings::Limiter {
            drive_db: 6.0,
            ..settings::Settings::default().limiter
        };
        Limiter::new(&limiter, -1.0, &SPEC)
    }

    #[test]
    fn both_ways_give_the_same_samples_and_figures() {
        for frames in [1, 100, BLOCK_FRAMES, 3 * BLOCK_FRAMES + 77] {
            let mut samples = crate::signal::white(frames, 1);
            samples.iter_mut().for_each(|x| *x *= 0.5);
            samples[frames / 2] = f32::NAN;
            let signal = Audio::new(44_100, vec![samples]).unwrap();
            let mut whole = limiter();
            let expected = processed(&mut whole, &signal);
            let mut halves = limiter();
            let mut got = Audio::silence(44_100, 1, 0);
            let mut source = AudioSource::new(signal);
            for_each_limited(&mut source, &mut halves, &mut |block| {
                got.append(block);
                Ok(())
            })
            .unwrap();
            assert_eq!(got, expected, "{frames}");
            assert_eq!(halves.reduction(), whole.reduction(), "{frames}");
        }
    }

    #[test]
    fn a_taker_that_fails_ends_it() {
        let signal = Audio::silence(44_100, 1, 40 * BLOCK_FRAMES);
        let mut taken = 0;
        let mut fails = |_: &mut Audio| {
            taken += 1;
            Err(StreamError::new("disk full"))
        };
        let mut source = AudioSource::new(signal);
        let error = for_each_limited(&mut source, &mut limiter(), &mut fails).unwrap_err();
        assert_eq!(error.to_string(), "disk full");
        assert_eq!(taken, 1);
    }
}
