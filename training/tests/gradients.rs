//! No dead outputs and no dead parameters in the shipped weights.

use std::path::Path;

use acetate_model::Net;
use acetate_model::net::TENSORS;
use acetate_model::net::tensor_name;
use acetate_model::outputs::OUTPUTS;
use acetate_model::weights::DEFAULT_WEIGHTS;
use acetate_training::corpus::draw_frames;
use acetate_training::corpus::{self, Track, TrackFile};
use acetate_training::datasets::Split;
use acetate_training::degrade::Fault;
use acetate_training::recipe::Recipe;
use acetate_training::rng::Rng;
use acetate_training::simulator::{Batch, Curves, degrade, loss};
use candle_core::{Device, Tensor, Var};
use safetensors::SafeTensors;

/// Faults on each excerpt.
const FAULTS: usize = 48;
/// Frames of each mix.
const FRAMES: usize = 48;

fn tracks() -> Vec<Track> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/audio");
    let mut files: Vec<TrackFile> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "flac"))
        .map(|path| TrackFile {
            group: "excerpts".to_owned(),
            split: Split::Train,
            genre: None,
            vocals: None,
            path,
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gradients");
    std::fs::create_dir_all(&cache).unwrap();
    let (tracks, errors) = corpus::load(&files, &cache, &|_| {});
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(tracks.len(), 6);
    tracks
}

fn variables(member: usize) -> Vec<Var> {
    let file = SafeTensors::deserialize(DEFAULT_WEIGHTS).unwrap();
    TENSORS
        .iter()
        .map(|(name, shape)| {
            let view = file.tensor(&tensor_name(member, name)).unwrap();
            let values: Vec<f32> = view
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            let tensor = Tensor::from_vec(values, *shape, &Device::Cpu).unwrap();
            Var::from_tensor(&tensor).unwrap()
        })
        .collect()
}

/// Every mean, every variance and every parameter moves the loss on six excerpts with 48 faults each.
#[test]
fn every_output_and_every_parameter_has_a_gradient() {
    let recipe_path = Path::new(env!("CARGO_MANIFEST_DIR")).join("default.toml");
    let recipe = Recipe::read(&recipe_path).unwrap();
    let tracks = tracks();
    let mut rng = Rng::new(1);
    let mixes: Vec<_> = tracks
        .iter()
        .flat_map(|track| std::iter::repeat_n(track, FAULTS))
        .map(|track| (track, Fault::draw(&mut rng, &recipe.severity)))
        .collect();
    let rows: Vec<_> = mixes
        .iter()
        .map(|(track, fault)| {
            let frames = draw_frames(track, FRAMES, &mut rng);
            (*track, fault, degrade(track, fault, &frames, None))
        })
        .collect();
    let device = Device::Cpu;
    let batch = Batch::new(&rows, &device).unwrap();
    let curves = Curves::new(&device).unwrap();

    for member in 0..recipe.members {
        let vars = variables(member);
        let tensors = vars.iter().map(|var| var.as_tensor().clone()).collect();
        let net = Net::new(tensors, &device).unwrap();
        let outputs = net.forward(&batch.frames_db, &batch.pooled).unwrap();
        let gradients = loss(&batch, &outputs, &curves, &recipe.loss)
            .unwrap()
            .total
            .backward()
            .unwrap();
        let (mut dead, mut all) = (0_u32, 0_u32);
        for (var, (name, _)) in vars.iter().zip(TENSORS) {
            let gradient = gradients.get(var).unwrap();
            let values = gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(values.iter().all(|value| value.is_finite()), "{name}");
            all += values.len() as u32;
            dead += values.iter().filter(|value| **value == 0.0).count() as u32;
            if *name == "head2.bias" {
                let silent: Vec<usize> = (0..OUTPUTS).filter(|&i| values[i] == 0.0).collect();
                assert!(silent.is_empty(), "member {member}: outputs {silent:?}");
            }
        }
        assert_eq!(dead, 0, "member {member}: of {all} parameters");
    }
}
