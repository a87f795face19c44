//! The examples do what they say.

#[path = "../../examples/check_a_mix.rs"]
#[allow(dead_code)]
mod check_a_mix;
#[path = "../../examples/master_in_memory.rs"]
#[allow(dead_code)]
mod master_in_memory;
#[path = "../../examples/measure_a_file.rs"]
#[allow(dead_code)]
mod measure_a_file;
#[path = "../../examples/own_predictor.rs"]
#[allow(dead_code)]
mod own_predictor;

use std::path::{Path, PathBuf};

use acetate_check::Verdict;
use acetate_dsp::signal;

fn mix() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mix.flac")
}

#[test]
fn a_file_is_measured() {
    let analysis = measure_a_file::measure(&mix()).unwrap();
    assert!((-30.0..-5.0).contains(&analysis.integrated_lufs));
    assert!(analysis.true_peak_dbtp < 1.0);
    assert!(measure_a_file::measure(Path::new("no such file.wav")).is_err());
}

#[test]
fn a_mix_is_checked() {
    let check = check_a_mix::check_file(&mix()).unwrap();
    assert_ne!(check.verdict, Verdict::NotReady);
}

#[test]
fn a_master_in_memory_meets_its_target() {
    let mix = signal::mix(44_100, 8.0);
    let frames = mix.frames();
    let (written, mastered) = master_in_memory::master_in_memory(mix, -16.0).unwrap();
    assert_eq!(written.frames(), frames);
    assert!(mastered.all_met());
    assert!((mastered.after.integrated_lufs + 16.0).abs() <= 0.1);
}

#[test]
fn a_predictor_of_ones_own_decides() {
    let mut bright = signal::mix(44_100, 8.0);
    let noise = signal::white(bright.frames(), 1);
    for channel in bright.channels_mut() {
        for (sample, noise) in channel.iter_mut().zip(&noise) {
            *sample += 0.1 * noise;
        }
    }
    let treble_db = |mastered: acetate_master::Mastered| {
        let eq = mastered.treatment.settings.eq;
        eq.mid_db.last().copied().unwrap()
    };
    let mastered = own_predictor::master_with(bright).unwrap();
    assert!(mastered.all_met());
    assert!(treble_db(mastered) < 0.0);
    let dull = own_predictor::master_with(signal::mix(44_100, 8.0)).unwrap();
    assert_eq!(treble_db(dull), 0.0);
}
