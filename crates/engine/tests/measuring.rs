//! What is measured of a file is what is measured of its samples, and a measurement can be stopped.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use acetate_dsp::settings::Target;
use acetate_engine::{
    EngineError, Observer, Silent, Sound, Stems, Step, analyze, check, check_beside, net, verify,
};
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

#[test]
fn holding_stems_against_a_mix_tells_how_far_it_is() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<(u64, u64)>>);
    impl Observer for Heard {
        fn progress(&self, _input: &Path, step: Step, done: u64, total: Option<u64>) {
            if step == Step::Stems {
                self.0.lock().unwrap().push((done, total.unwrap()));
            }
        }
    }
    // A lead of another song: it is not believed, which is told after all was read.
    let stems = Stems {
        files: Vec::new(),
        lead: Some(song().with_file_name("orchestral_excerpt.flac")),
    };
    let heard = Heard::default();
    check_beside(file(&song()), Some(&stems), &net(None).unwrap(), &heard).unwrap();
    let heard = heard.0.into_inner().unwrap();
    assert!(heard.len() > 20);
    assert!(
        heard.windows(2).all(|pair| pair[0].0 <= pair[1].0),
        "{heard:?}"
    );
    assert_eq!(heard.last().unwrap().0, heard.last().unwrap().1);
}
