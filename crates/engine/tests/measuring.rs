//! What is measured of a file is what is measured of its samples, and a measurement can be stopped.

use std::path::{Path, PathBuf};

use acetate_dsp::settings::Target;
use acetate_engine::{EngineError, Observer, Silent, Sound, analyze, check, net, verify};
use acetate_io::OpenOptions;

fn song() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/audio/rock_excerpt.flac")
}

fn file(path: &Path) -> Sound<'_> {
    Sound::File { path, strict: true }
}

#[test]
fn a_file_and_its_samples_have_the_same_figures() {
    let (path, predictor, target) = (song(), net(None).unwrap(), Target::default());
    let mut samples = acetate_io::open(&path, &OpenOptions::default()).unwrap();

    let [of_file, of_samples] = [file(&path), Sound::Samples(&mut samples)]
        .map(|sound| analyze(sound, false, &predictor, &Silent).unwrap());
    assert_eq!(of_file.measures, of_samples.measures);
    assert_eq!(of_file.advice, of_samples.advice);
    assert!(of_file.input.is_some() && of_samples.input.is_none());

    let [of_file, of_samples] = [file(&path), Sound::Samples(&mut samples)]
        .map(|sound| check(sound, &predictor, &Silent).unwrap().check);
    assert_eq!(of_file.score, of_samples.score);
    assert!(of_file.input.is_some() && of_samples.input.is_none());

    let [of_file, of_samples] = [file(&path), Sound::Samples(&mut samples)]
        .map(|sound| verify(sound, &target, false, &Silent).unwrap());
    assert!(!of_file.all_met && of_file.measures == of_samples.measures);
}

#[test]
fn a_measurement_that_is_stopped_says_so() {
    struct Stop;
    impl Observer for Stop {
        fn is_canceled(&self) -> bool {
            true
        }
    }
    let (path, predictor) = (song(), net(None).unwrap());
    let mut samples = acetate_io::open(&path, &OpenOptions::default()).unwrap();
    let stopped = analyze(Sound::Samples(&mut samples), false, &predictor, &Stop);
    assert!(matches!(stopped, Err(EngineError::Canceled)));
}
