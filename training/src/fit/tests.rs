//! A killed run ends with the same weights, and threads change nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::recipe::{Blur, Experiment, FaultPrior, LossWeights, SeverityPrior, SeverityRange};
use crate::synthetic::album;

fn recipe() -> Recipe {
    Recipe {
        name: "tiny".to_owned(),
        seed: 11,
        members: 2,
        steps: 12,
        batch: 6,
        frames: 8,
        learning_rate: 0.001,
        weight_decay: 0.5,
        validate_every: 3,
        patience: 10,
        medleys: 0.5,
        parts: 0.3,
        blur: Blur {
            band_db: 0.5,
            peak_db: 0.5,
        },
        severity: SeverityPrior {
            ranges: vec![SeverityRange {
                share: 1.0,
                from_db: 0.5,
                to_db: 4.0,
            }],
        },
        prior: FaultPrior {
            sizes_db: vec![0.0, 2.0],
            shares: vec![1.0],
            finished_right_share: 0.9,
        },
        loss: LossWeights {
            side: 0.2,
            dynamics: 0.15,
            likelihood: 0.1,
        },
        experiment: Experiment::default(),
    }
}

/// Everything a job borrows.
struct Music {
    recipe: Recipe,
    masters: Vec<Track>,
    public: Vec<Track>,
    valid: Vec<Track>,
    pairs: Vec<Pair>,
}

impl Music {
    fn new() -> Self {
        let [mixes, mastered] = [album("pairs", 30, 3), album("pairs", 40, 3)];
        Self {
            recipe: recipe(),
            masters: album("own", 1, 5),
            public: album("public", 10, 5),
            valid: album("valid", 20, 3),
            pairs: mixes
                .into_iter()
                .zip(mastered)
                .map(|(mix, master)| Pair::new(mix, master))
                .collect(),
        }
    }

    fn job<'a>(&'a self, checkpoints: Option<&'a Path>) -> Job<'a> {
        Job {
            recipe: &self.recipe,
            material: Material {
                masters: &self.masters,
                pairs: &self.pairs,
                pairs_share: 0.3,
                public: &self.public,
                public_share: 0.3,
            },
            valid: &self.valid,
            valid_pairs: &self.pairs[..1],
            start: None,
            checkpoints,
        }
    }
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn tensors(members: &[Member]) -> Vec<&Vec<Vec<f32>>> {
    members.iter().map(|member| &member.tensors).collect()
}

#[test]
fn a_killed_run_ends_with_the_bits_of_one_left_alone() {
    let music = Music::new();
    let whole = fit(&music.job(None), &go_on).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let job = music.job(Some(folder.path()));
    // Two kills, neither on a look: the steps since the last look are done again.
    for kill_after in [10, 7] {
        let steps = AtomicUsize::new(0);
        let stop = |progress| match progress {
            Progress::Step { .. } if steps.fetch_add(1, Ordering::Relaxed) >= kill_after => {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        };
        assert!(matches!(fit(&job, &stop), Err(FitError::Stopped)));
    }
    let resumed_from = AtomicUsize::new(0);
    let resumed = fit(&job, &|progress| {
        if let Progress::Resumed { step, .. } = progress {
            resumed_from.fetch_max(step, Ordering::Relaxed);
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(resumed_from.into_inner() >= 3, "a checkpoint was used");
    assert_eq!(tensors(&whole), tensors(&resumed));
    for (a, b) in whole.iter().zip(&resumed) {
        assert_eq!((&a.looks, a.best_step), (&b.looks, b.best_step));
    }
    job.forget().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn one_thread_and_two_give_the_same_bits() {
    let music = Music::new();
    let with_threads = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| fit(&music.job(None), &go_on).unwrap())
    };
    let (one, two) = (with_threads(1), with_threads(2));
    assert_eq!(tensors(&one), tensors(&two));
    assert_ne!(one[0].tensors, one[1].tensors, "members differ by seed");
}

#[test]
fn another_recipe_or_other_music_never_finds_the_checkpoint() {
    let music = Music::new();
    let folder = Path::new("checkpoints");
    let base = music.job(Some(folder)).folder();
    let mut other = Music::new();
    other.recipe.learning_rate *= 1.000_001;
    assert_ne!(other.job(Some(folder)).folder(), base);
    let mut other = Music::new();
    other.masters[2].features.frames_db[3][7] += 1e-4;
    assert_ne!(other.job(Some(folder)).folder(), base);
    let mut other = Music::new();
    other.public.swap(0, 1);
    assert_ne!(other.job(Some(folder)).folder(), base);
    assert_eq!(Music::new().job(Some(folder)).folder(), base);
}

#[test]
fn a_start_that_is_best_already_is_kept() {
    let mut music = Music::new();
    let trained = fit(&music.job(None), &go_on).unwrap();
    let start: Vec<_> = trained
        .iter()
        .map(|member| member.tensors.clone())
        .collect();
    // A rate that can only do harm.
    music.recipe.learning_rate = 3.0;
    let job = Job {
        start: Some(&start),
        ..music.job(None)
    };
    let tuned = fit(&job, &go_on).unwrap();
    assert!(tuned.iter().all(|member| member.best_step == 0));
    assert_eq!(tensors(&tuned), start.iter().collect::<Vec<_>>());
    let short = Job {
        start: Some(&start[..1]),
        ..job
    };
    assert!(matches!(fit(&short, &go_on), Err(FitError::Members { .. })));
}
