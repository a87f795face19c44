//! Renders, with small shell scripts in the place of the renderers.

use std::os::unix::fs::PermissionsExt;

use acetate_dsp::Audio;
use acetate_io::{Container, OpenOptions, OutputFormat, StageOptions, StagedFile, WordLength};

use super::super::store::Stored;
use super::*;

const PROJECT: &[u8] = b"<lmms><fxmixer><fxchannel num=\"0\" volume=\"1\">\
    <fxchain enabled=\"1\"/></fxchannel></fxmixer></lmms>";
const FRAMES: usize = 4410;

/// Puts a program of the scene's own in the place of a renderer.
fn install(scene: &Scene, name: &str, script: &str) {
    let path = scene.folder.path(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// A float WAV with a step of `peak` as what the renderers give.
fn audio(scene: &Scene, peak: f32) {
    let samples = vec![[peak, -0.5 * peak].repeat(FRAMES / 2); 2];
    let audio = Audio::new(44_100, samples).expect("stereo");
    let format = OutputFormat::new(Container::Wav, WordLength::Float32).expect("float WAV");
    let spec = acetate_dsp::Spec {
        sample_rate_hz: 44_100,
        channels: 2,
    };
    let target = scene.folder.path("audio.wav");
    let mut file = StagedFile::create(&target, spec, &StageOptions::new(format)).expect("created");
    file.write_block(&audio).expect("written");
    file.finish_file().expect("finished");
    file.commit(true).expect("committed");
}

/// Both renderers: each gives `audio.wav`, LMMS keeps the projects that it was given.
fn install_both(scene: &Scene) {
    let home = scene.folder.0.display().to_string();
    install(
        scene,
        "openmpt123",
        &format!(
            r#"if [ "$1" = --version ]; then printf '\nopenmpt123 v9\nmore\n'; exit; fi
            echo render >> {home}/renders
            for module; do :; done
            cp {home}/audio.wav "$module.wav""#
        ),
    );
    install(
        scene,
        "lmms",
        &format!(
            r#"shift
            if [ "$1" = --version ]; then echo 'LMMS 9'; exit; fi
            if [ "$1" = dump ]; then tr a-z A-Z < "$2" | tr A-Z a-z; exit; fi
            echo render >> {home}/renders
            cat "$2" >> {home}/projects
            for output; do :; done
            cp {home}/audio.wav "$output""#
        ),
    );
}

/// One package of a module and a compressed project, which is a pair as well.
fn scene_with_mixes() -> Option<(Scene, Datasets)> {
    let scene = Scene::new()?;
    // "Compressed": anything that does not begin with XML goes through `lmms dump`.
    let packed = [b"packed ", PROJECT].concat();
    let files: [(&str, &[u8]); 2] = [("m/song.XM", b"module"), ("m/song, 2.mmpz", &packed)];
    let sha256 = scene.publish("some-mixes", "1", &files);
    let text = entry("some-mixes", "1", &sha256, &["m/song.XM", "m/song, 2.mmpz"])
        .replace("finished master", "unmastered mix")
        .replace("tracks.A", "tracks.M");
    let pair = "[[pair]]\nname = \"song\"\nalbum = \"an album\"\n\
        mix = { package = \"some-mixes\", path = \"m/song, 2.mmpz\", master_effects = false }\n\
        master = { package = \"some-mixes\", path = \"m/song, 2.mmpz\" }\n";
    let datasets = datasets(&[text, pair.to_owned()]);
    Some((scene, datasets))
}

fn stored(scene: &Scene, render: &str) -> Stored {
    let path = scene.cache().join("mixes/some-mixes").join(render);
    let text = fs::read(path).expect("a record");
    serde_json::from_slice(&text).expect("valid")
}

#[test]
fn modules_and_projects_are_rendered_once_and_pairs_listed() {
    let Some((scene, datasets)) = scene_with_mixes() else {
        return;
    };
    install_both(&scene);
    audio(&scene, 0.5);
    let (result, events) = scene.fetch(&datasets);
    let fetched = result.expect("rendered");
    assert_eq!((fetched.rendered, fetched.not_rendered), (3, 0));
    assert!(
        events
            .iter()
            .any(|event| event == "RenderPlanned { complete: 0, missing: 3 }"),
        "{events:?}"
    );
    let track = datasets.mixes_of(Split::Train).next().expect("listed");
    assert_eq!(track.path, "m/song.XM");
    assert_eq!(
        datasets.mixes_of(Split::Train).count(),
        1,
        "a pair is no mix"
    );
    let file = track.file(&scene.cache());
    assert!(file.ends_with("mixes/some-mixes/m/song.XM.flac"));
    let mut decoder = acetate_io::open(&file, &OpenOptions { strict: true }).expect("FLAC");
    let mut block = Audio::silence(44_100, 2, 0);
    let read = acetate_dsp::Source::read(&mut decoder, &mut block, FRAMES).expect("audio");
    assert!(read > 0);
    assert_eq!(&block.channel(0)[..2], [0.5, -0.25]);
    let record = stored(&scene, "m/song.XM.flac.json");
    assert_eq!(record.renderer, "openmpt123 v9");
    assert_eq!((record.gain_db, record.frames), (0.0, FRAMES as u64));

    let projects = fs::read_to_string(scene.folder.path("projects")).expect("kept");
    let lowered = projects.matches("volume=\"0.00390625\"").count();
    let switched_off = projects.matches("fxchain enabled=\"0\"").count();
    assert_eq!((lowered, switched_off), (2, 1), "{projects}");
    let csv = fs::read_to_string(scene.cache().join("pairs.csv")).expect("written");
    assert_eq!(
        csv,
        "mix,master,album\n\"mixes/some-mixes/m/song, 2.mmpz.no-master-effects.flac\",\
         \"mixes/some-mixes/m/song, 2.mmpz.flac\",an album\n"
    );

    let renders = || fs::read_to_string(scene.folder.path("renders")).expect("counted");
    assert_eq!(renders().lines().count(), 3);
    fs::remove_file(&file).expect("was there");
    let again = scene.fetch(&datasets).0.expect("one to render");
    assert_eq!((again.fetched, again.rendered), (0, 1));
    assert_eq!(renders().lines().count(), 4);
    let package = &datasets.packages()[0];
    assert_eq!(
        super::super::renders(&datasets, package, &scene.cache()),
        (3, 3)
    );
}

#[test]
fn a_render_above_full_scale_is_scaled_by_a_stated_gain() {
    let Some((scene, datasets)) = scene_with_mixes() else {
        return;
    };
    install_both(&scene);
    audio(&scene, 0.9);
    scene.fetch(&datasets).0.expect("rendered");
    assert_eq!(stored(&scene, "m/song.XM.flac.json").gain_db, 0.0);
    // LMMS rendered 48 dB lower: at the author's level the peak is 0.9 · 256 = 230.4.
    let record = stored(&scene, "m/song, 2.mmpz.flac.json");
    assert!((record.peak_dbfs - 47.25).abs() < 0.01, "{record:?}");
    assert!((record.gain_db + 48.25).abs() < 0.01, "{record:?}");
    let file = scene.cache().join("mixes/some-mixes/m/song, 2.mmpz.flac");
    let mut decoder = acetate_io::open(file, &OpenOptions { strict: true }).expect("FLAC");
    let mut block = Audio::silence(44_100, 2, 0);
    acetate_dsp::Source::read(&mut decoder, &mut block, FRAMES).expect("audio");
    let minus_1_db = 0.891_25;
    assert!((block.channel(0)[0] - minus_1_db).abs() < 1e-4);
}

#[test]
fn a_missing_renderer_is_said_once_and_its_mixes_are_left_out() {
    let Some((scene, datasets)) = scene_with_mixes() else {
        return;
    };
    install_both(&scene);
    audio(&scene, 0.5);
    fs::remove_file(scene.folder.path("lmms")).expect("was there");
    let (result, events) = scene.fetch(&datasets);
    let fetched = result.expect("no failure");
    assert_eq!((fetched.rendered, fetched.not_rendered), (1, 2));
    let warnings: Vec<_> = events
        .iter()
        .filter(|event| event.starts_with("RendererMissing"))
        .collect();
    assert_eq!(
        warnings,
        ["RendererMissing { program: \"lmms\", debian_package: \"lmms\", renders: 2 }"]
    );
    let csv = fs::read_to_string(scene.cache().join("pairs.csv")).expect("written");
    assert_eq!(
        csv, "mix,master,album\n",
        "a pair without its files is not listed"
    );
}

#[test]
fn what_a_renderer_got_wrong_is_said_with_the_song() {
    for (peak, script, part) in [
        (
            0.0,
            None,
            "m/song.XM: expected a render of music below full scale, got silence",
        ),
        (
            f32::NAN,
            None,
            "m/song.XM: expected a render of music below full scale, got samples that are not finite",
        ),
        (
            1.0,
            None,
            "m/song, 2.mmpz: expected a render of music below full scale, got clipped samples",
        ),
        (
            0.5,
            Some("printf '10 %%\\rno such sample\\r' >&2; exit 3"),
            "no such sample",
        ),
        (0.5, Some("exit 0"), "m/song.XM: "),
        (0.5, Some("kill -SEGV $$"), "m/song.XM: "),
    ] {
        let Some((scene, datasets)) = scene_with_mixes() else {
            return;
        };
        install_both(&scene);
        audio(&scene, peak);
        if let Some(script) = script {
            let script = format!("if [ \"$1\" = --version ]; then echo v; exit; fi\n{script}");
            install(&scene, "openmpt123", &script);
        }
        let error = scene.fetch(&datasets).0.expect_err("a failure");
        assert!(matches!(error, FetchError::Incomplete { .. }));
        let text = error.to_string();
        assert!(
            text.contains(part) && text.contains("some-mixes: "),
            "{text}"
        );
        assert!(!scene.cache().join("partial/render").exists());
    }
}

#[test]
fn a_renderer_that_crashed_is_tried_again() {
    let Some((scene, datasets)) = scene_with_mixes() else {
        return;
    };
    install_both(&scene);
    audio(&scene, 0.5);
    let once = scene.folder.path("crashed");
    let program = fs::read_to_string(scene.folder.path("lmms")).expect("installed");
    let crash = format!(
        "if [ \"$2\" = render ] && [ ! -e {0} ]; then touch {0}; kill -SEGV $$; fi\n{program}",
        once.display()
    );
    install(&scene, "lmms", &crash);
    let (result, _) = scene.fetch(&datasets);
    assert_eq!(result.expect("rendered").rendered, 3);
    assert!(once.exists());
}
