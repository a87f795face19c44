//! Signals parked on disk.

use acetate_dsp::read_all;
use acetate_dsp::{Audio, Sink, Source};
use acetate_io::Spill;

use crate::support::*;

#[test]
fn comes_back_bit_for_bit_and_leaves_nothing() {
    let folder = folder();
    for channels in [1, 2] {
        let mut audio = noise(48_000, channels, 10_000, 25);
        audio.split_mut().0[17] = f32::NAN;
        let path = folder.path().join("out.wav");
        let mut spill = Spill::create(&path, spec(&audio), Some(10_000)).unwrap();
        for at in (0..10_000).step_by(333) {
            spill.write(&audio.slice(at, at + 333)).unwrap();
        }
        spill.finish().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(spill.frames_hint(), Some(10_000));
        assert_same_bits(&read_all(&mut spill).unwrap(), &audio);
        assert_same_bits(&read_all(&mut spill).unwrap(), &audio);
        let mut block = Audio::silence(48_000, channels, 0);
        spill.rewind().unwrap();
        assert_eq!(spill.read(&mut block, 7).unwrap(), 7);
        assert_same_bits(&block, &audio.slice(0, 7));
        spill.skip(1_000).unwrap();
        assert_eq!(spill.read(&mut block, 7).unwrap(), 7);
        assert_same_bits(&block, &audio.slice(1_007, 1_014));
        spill.skip(u64::MAX).unwrap();
        assert_eq!(spill.read(&mut block, 7).unwrap(), 0);
    }
}

#[test]
fn a_folder_that_is_not_there_is_said_before_anything_is_written() {
    let folder = folder();
    let audio = noise(48_000, 2, 1, 25);
    assert!(Spill::create(folder.path().join("no/out.wav"), spec(&audio), None).is_err());
}

#[test]
fn order_and_shape_are_kept() {
    let folder = folder();
    let audio = noise(48_000, 2, 10, 25);
    let mut spill = Spill::create(folder.path().join("x"), spec(&audio), None).unwrap();
    let mut block = Audio::silence(48_000, 2, 0);
    assert!(spill.read(&mut block, 1).is_err());
    assert!(spill.write(&noise(48_000, 1, 10, 25)).is_err());
    spill.finish().unwrap();
    assert!(spill.write(&audio).is_err());
    assert_eq!(spill.read(&mut block, 1).unwrap(), 0);
}
