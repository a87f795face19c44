//! [`for_each_limited`]: a source through a limiter, in two halves that work side by side.

use std::sync::mpsc;

use super::Limiter;
use super::detector::Detected;
use crate::Audio;
use crate::measure::levels::silence_non_finite;
use crate::process::Processor;
use crate::process::rendered::WithTail;
use crate::stream::{Source, StreamError, Tapped, for_each_block};

/// Hands every block of a source to `take_block` as `limiter`, which stands at its start, makes it:
/// as many frames as the source has, in place. What the limiter listens to is found where the
/// source is read, which is a thread of its own where there is one to spare.
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
    let mut detector = limiter.detector.clone();
    let (give, found) = mpsc::channel::<Detected>();
    let (give_back, emptied) = mpsc::channel();
    let mut listened = Tapped::new(&mut longer, move |block| {
        silence_non_finite(block);
        let mut detected = emptied.try_recv().unwrap_or_default();
        detector.detect(block, 0..block.frames(), &mut detected);
        // Nobody listens where `take_block` failed.
        let _ = give.send(detected);
        Ok(())
    });
    let mut to_skip = latency_frames;
    for_each_block(&mut listened, &mut |block| {
        let detected = found.recv().map_err(StreamError::new)?;
        limiter.process_detected(block, 0..block.frames(), &detected);
        // The reader may have ended already.
        let _ = give_back.send(detected);
        let skipped = to_skip.min(block.frames());
        to_skip -= skipped;
        block.drop_front(skipped);
        if block.is_empty() {
            return Ok(());
        }
        take_block(block)
    })
}

#[cfg(test)]
mod tests {
    use super::super::test_signal::noise;
    use super::*;
    use crate::process::{ProcessSpec, processed};
    use crate::settings;
    use crate::stream::{AudioSource, BLOCK_FRAMES};

    const SPEC: ProcessSpec = ProcessSpec {
        sample_rate_hz: 44_100,
        channels: 1,
        programme_lufs: -14.0,
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
            let mut samples: Vec<f32> = noise(frames).iter().map(|x| *x as f32 - 0.5).collect();
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
