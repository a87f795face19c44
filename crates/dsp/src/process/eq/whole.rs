//! Filters on a whole short signal, for test signals and faults: any gain curve for mid and side, or
//! any impulse response.

use super::{Convolver, design};
use crate::Audio;
use crate::process::ResponseDb;

/// Shortest filter, taps: the smallest FFT that is worth its overhead.
const MIN_TAPS: usize = 1024;

/// Filters a signal in memory with a gain curve for mid and one for side, minimum phase; as long as
/// before, without delay. `curve` maps a frequency in Hz to the gains there; its side gain stands
/// alone (it is not added to mid's). A mono signal gets the mid gain.
pub fn apply_curves(audio: &Audio, curve: impl Fn(f64) -> ResponseDb) -> Audio {
    let rate_hz = audio.sample_rate_hz();
    let mid = design::minimum_phase(rate_hz, |hz| curve(hz).mid_db);
    let side = (audio.channel_count() == 2)
        .then(|| design::minimum_phase(rate_hz, |hz| curve(hz).side_db));
    convolve(audio, &mid, side.as_deref())
}

/// Convolves a signal in memory with impulse responses for mid and side (mid's for both where
/// there is none for side) and cuts the tail: as long as before. Taps are linear gains at the
/// signal's sample rate.
pub fn convolve(audio: &Audio, mid: &[f64], side: Option<&[f64]>) -> Audio {
    let longest = mid.len().max(side.map_or(0, <[f64]>::len));
    let taps = longest.next_power_of_two().max(MIN_TAPS);
    let mut convolver = Convolver::new(taps, mid, side);
    let frames = audio.frames();
    let mut out = audio.clone();
    out.set_frames(frames + convolver.block_frames());
    let (left, right) = out.split_mut();
    convolver.process(left, right);
    out.drop_front(convolver.block_frames());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impulses() -> Audio {
        let mut audio = Audio::silence(44_100, 2, 60_000);
        let (left, right) = audio.split_mut();
        left[5_000] = 1.0;
        if let Some(right) = right {
            right[20_000] = 0.5;
        }
        audio
    }

    #[test]
    fn a_delay_delays_and_the_length_stays() {
        let mut taps = vec![0.0; 3000];
        taps[2500] = 0.5;
        let out = convolve(&impulses(), &taps, None);
        assert_eq!(out.frames(), 60_000);
        assert!((out.channel(0)[7_500] - 0.5).abs() < 1e-5);
        assert!((out.channel(1)[22_500] - 0.25).abs() < 1e-5);
        assert!(out.channel(0)[5_000].abs() < 1e-5);
    }

    #[test]
    fn mid_and_side_get_their_own_gain() {
        let out = apply_curves(&impulses(), |_| ResponseDb {
            mid_db: 0.0,
            side_db: -60.0,
        });
        // Nearly mono: each channel holds half of either impulse.
        for channel in out.channels() {
            assert!((channel[5_000] - 0.5).abs() < 1e-3);
            assert!((channel[20_000] - 0.25).abs() < 1e-3);
        }
    }
}
