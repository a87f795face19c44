//! [`Pipeline`]: the steps that a source's blocks pass, on as many threads as there are.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::Audio;
use crate::stream::{BLOCK_FRAMES, Source, StreamError};
use crate::threads::threads_to_use;

/// What is done to a block at one place of a [`Pipeline`].
pub type Step<'a> = Box<dyn FnMut(&mut Audio) -> Result<(), StreamError> + Send + 'a>;

/// What gets the blocks at the end of a [`Pipeline`].
pub type Take<'a> = dyn FnMut(&mut Audio) -> Result<(), StreamError> + 'a;

/// A source and the steps that each of its blocks passes, one after the other. Every step sees
/// every block in order, one at a time; different steps work on different blocks side by side,
/// wherever a thread is free. What comes out therefore does not depend on the number of threads.
pub struct Pipeline<'a> {
    source: &'a mut dyn Source,
    steps: Vec<Step<'a>>,
}

impl<'a> Pipeline<'a> {
    /// A pipeline without steps.
    pub fn from(source: &'a mut dyn Source) -> Self {
        Self {
            source,
            steps: Vec::new(),
        }
    }

    /// With one more step at the end, which may change the blocks.
    #[must_use]
    pub fn then<'b>(
        self,
        step: impl FnMut(&mut Audio) -> Result<(), StreamError> + Send + 'b,
    ) -> Pipeline<'b>
    where
        'a: 'b,
    {
        let mut steps: Vec<Step<'b>> = self.steps;
        steps.push(Box::new(step));
        Pipeline {
            source: self.source,
            steps,
        }
    }

    /// As [`then`](Self::then), for one that only looks and does not fail.
    #[must_use]
    pub fn inspect<'b>(self, mut look: impl FnMut(&Audio) + Send + 'b) -> Pipeline<'b>
    where
        'a: 'b,
    {
        self.then(move |block| {
            look(block);
            Ok(())
        })
    }

    /// Reads the source from its start, and hands what has passed every step to `take`, on the
    /// caller's thread. Blocks before a failure are taken; none after it.
    ///
    /// # Errors
    /// [`StreamError`] when the source, a step or `take` fails: the one of the earliest block.
    pub fn run(self, take: &mut Take<'_>) -> Result<(), StreamError> {
        self.run_on(threads_to_use(), take)
    }

    fn run_on(self, threads: usize, take: &mut Take<'_>) -> Result<(), StreamError> {
        self.source.rewind()?;
        // More workers than places would only wait.
        let threads = threads.min(self.steps.len() + 2);
        if threads > 1 {
            self.side_by_side(threads, take)
        } else {
            self.one_by_one(take)
        }
    }

    fn fresh_block(&self) -> Audio {
        let spec = self.source.spec();
        Audio::silence(spec.sample_rate_hz, spec.channels, BLOCK_FRAMES)
    }

    fn one_by_one(mut self, take: &mut Take<'_>) -> Result<(), StreamError> {
        let mut block = self.fresh_block();
        while self.source.read(&mut block, BLOCK_FRAMES)? > 0 {
            for step in &mut self.steps {
                step(&mut block)?;
            }
            take(&mut block)?;
        }
        Ok(())
    }

    fn side_by_side(self, threads: usize, take: &mut Take<'_>) -> Result<(), StreamError> {
        let scheduler = Scheduler::new(self, threads);
        thread::scope(|scope| {
            // Where the system gives no more threads, those that there are do all the work.
            let helpers: Vec<_> = (1..threads)
                .map_while(|_| {
                    let helper = thread::Builder::new();
                    helper.spawn_scoped(scope, || scheduler.work(None)).ok()
                })
                .collect();
            scheduler.work(Some(take));
            for helper in helpers {
                if let Err(panic) = helper.join() {
                    resume_unwind(panic);
                }
            }
        });
        let state = scheduler.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).outcome
    }
}

/// What the threads of a running pipeline share. Places are numbered from the source (0) through the
/// steps to `take` (the last).
struct Scheduler<'a> {
    source: Mutex<&'a mut dyn Source>,
    steps: Vec<Mutex<Step<'a>>>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Blocks that wait for each place: empty ones for the source.
    waiting: Vec<VecDeque<Audio>>,
    busy: Vec<bool>,
    /// Places before this one have ended: the source came to its end, or a place failed.
    first_open: usize,
    outcome: Result<(), StreamError>,
    /// Workers that wait for something to do.
    idle: usize,
}

impl State {
    /// The last place that can work now: what is nearest to its end goes first.
    fn ready(&self, places: usize) -> Option<usize> {
        (self.first_open..places)
            .rev()
            .find(|&place| !self.busy[place] && !self.waiting[place].is_empty())
    }

    /// Nothing is left to be done.
    fn is_over(&self) -> bool {
        let mut open = self.first_open..self.busy.len();
        self.first_open > 0 && open.all(|place| !self.busy[place] && self.waiting[place].is_empty())
    }

    /// Nothing passes a place any more; what has passed it goes on. A place behind it knows of an
    /// earlier block.
    fn close(&mut self, place: usize, outcome: Result<(), StreamError>) {
        if place >= self.first_open {
            self.first_open = place + 1;
            self.outcome = outcome;
        }
    }
}

impl<'a> Scheduler<'a> {
    fn new(pipeline: Pipeline<'a>, threads: usize) -> Self {
        let places = pipeline.steps.len() + 2;
        // One in the hands of each worker, and one in front of each place.
        let blocks = threads + places;
        let mut waiting = vec![VecDeque::new(); places];
        waiting[0] = (0..blocks).map(|_| pipeline.fresh_block()).collect();
        Self {
            source: Mutex::new(pipeline.source),
            steps: pipeline.steps.into_iter().map(Mutex::new).collect(),
            state: Mutex::new(State {
                waiting,
                busy: vec![false; places],
                first_open: 0,
                outcome: Ok(()),
                idle: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Works wherever there is something to do until there is nothing left: at the last place too
    /// where there is `take`.
    fn work(&self, mut take: Option<&mut Take<'_>>) {
        let guard = PanicGuard {
            state: &self.state,
            changed: &self.changed,
        };
        let last = self.steps.len() + 1;
        let within_reach = last + usize::from(take.is_some());
        let mut state = lock(&self.state);
        while !state.is_over() {
            let next = state.ready(within_reach).and_then(|place| {
                let block = state.waiting[place].pop_front()?;
                Some((place, block))
            });
            let Some((place, mut block)) = next else {
                state.idle += 1;
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            state.busy[place] = true;
            drop(state);
            let done = match &mut take {
                _ if place == 0 => lock(&self.source).read(&mut block, BLOCK_FRAMES),
                Some(take) if place == last => take(&mut block).map(|()| block.frames()),
                _ => lock(&self.steps[place - 1])(&mut block).map(|()| block.frames()),
            };
            state = lock(&self.state);
            state.busy[place] = false;
            match done {
                Ok(0) if place == 0 => state.close(0, Ok(())),
                Ok(_) => state.waiting[(place + 1) % (last + 1)].push_back(block),
                Err(error) => state.close(place, Err(error)),
            }
            if state.idle > 0 {
                self.changed.notify_all();
            }
        }
        drop(state);
        drop(guard);
    }
}

/// Hands every block of a source to `take`, from its start; `take` may change the block. Where there
/// is a thread to spare, the source is read ahead on it.
///
/// # Errors
/// [`StreamError`] when the source or `take` fails.
pub fn for_each_block(
    source: &mut dyn Source,
    take: &mut dyn FnMut(&mut Audio) -> Result<(), StreamError>,
) -> Result<(), StreamError> {
    Pipeline::from(source).run(take)
}

/// Reads a whole source into memory, from its start. For short signals and tests.
///
/// # Errors
/// [`StreamError`] when the source fails.
pub fn read_all(source: &mut dyn Source) -> Result<Audio, StreamError> {
    let spec = source.spec();
    let mut all = Audio::silence(spec.sample_rate_hz, spec.channels, 0);
    for_each_block(source, &mut |block| {
        all.append(block);
        Ok(())
    })?;
    Ok(all)
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes all workers when one panics, so that none waits for it forever.
struct PanicGuard<'a> {
    state: &'a Mutex<State>,
    changed: &'a Condvar,
}

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let mut state = lock(self.state);
            state.first_open = state.busy.len();
        }
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::stream::{AudioSource, Spec};

    /// Fails after some blocks.
    struct Failing {
        blocks: usize,
    }

    impl Source for Failing {
        fn spec(&self) -> Spec {
            Spec {
                sample_rate_hz: 48_000,
                channels: 1,
            }
        }

        fn frames_hint(&self) -> Option<u64> {
            None
        }

        fn read(&mut self, block: &mut Audio, max_frames: usize) -> Result<usize, StreamError> {
            self.blocks = self
                .blocks
                .checked_sub(1)
                .ok_or_else(|| StreamError::new("the end of the tape"))?;
            block.set_frames(max_frames);
            Ok(max_frames)
        }

        fn rewind(&mut self) -> Result<(), StreamError> {
            Ok(())
        }
    }

    const THREADS: [usize; 4] = [1, 2, 3, 8];

    fn ramp() -> Vec<f32> {
        (0..10 * BLOCK_FRAMES + 77).map(|n| n as f32).collect()
    }

    #[test]
    fn every_station_sees_every_block_once_and_in_order() {
        for threads in THREADS {
            let mut source = AudioSource::new(Audio::new(48_000, vec![ramp()]).unwrap());
            let (mut first, mut second, mut third) = (Vec::new(), Vec::new(), Vec::new());
            Pipeline::from(&mut source)
                .inspect(|block| first.extend_from_slice(block.channel(0)))
                .then(|block| {
                    block.scale(2.0);
                    Ok(())
                })
                .inspect(|block| second.extend_from_slice(block.channel(0)))
                .run_on(threads, &mut |block| {
                    third.extend_from_slice(block.channel(0));
                    Ok(())
                })
                .unwrap();
            let doubled: Vec<f32> = ramp().iter().map(|x| 2.0 * x).collect();
            assert_eq!(first, ramp());
            assert_eq!(second, doubled);
            assert_eq!(third, doubled);
        }
    }

    #[test]
    fn what_was_read_before_a_failure_is_taken() {
        for threads in THREADS {
            let mut taken = 0;
            let mut source = Failing { blocks: 7 };
            let error = Pipeline::from(&mut source)
                .inspect(|_| {})
                .run_on(threads, &mut |_| {
                    taken += 1;
                    Ok(())
                });
            assert_eq!(error.unwrap_err().to_string(), "the end of the tape");
            assert_eq!(taken, 7);
        }
    }

    #[test]
    fn a_taker_that_fails_ends_the_reading() {
        for threads in THREADS {
            let mut taken = 0;
            let mut source = Failing { blocks: 1000 };
            let error = Pipeline::from(&mut source)
                .inspect(|_| {})
                .run_on(threads, &mut |_| {
                    taken += 1;
                    Err(StreamError::new("disk full"))
                });
            assert_eq!(error.unwrap_err().to_string(), "disk full");
            assert_eq!(taken, 1);
        }
    }

    #[test]
    fn the_failure_of_the_earliest_block_is_told() {
        for threads in THREADS {
            let mut source = Failing { blocks: 5 };
            let (mut at_first, mut taken) = (0, 0);
            let error = Pipeline::from(&mut source)
                .then(|_| {
                    at_first += 1;
                    if at_first == 5 {
                        return Err(StreamError::new("the fifth"));
                    }
                    Ok(())
                })
                .then(move |_| Ok(()))
                .run_on(threads, &mut |_| {
                    taken += 1;
                    Ok(())
                });
            assert_eq!(error.unwrap_err().to_string(), "the fifth");
            assert_eq!(taken, 4);
        }
    }

    #[test]
    fn a_panic_at_a_station_comes_out_and_nobody_is_left_waiting() {
        for threads in THREADS {
            let panic = catch_unwind(AssertUnwindSafe(|| {
                let mut seen = 0;
                Pipeline::from(&mut Failing { blocks: 100 })
                    .inspect(move |_| {
                        seen += 1;
                        assert!(seen < 4, "broken step");
                    })
                    .run_on(threads, &mut |_| Ok(()))
            }));
            let message = panic.unwrap_err();
            assert_eq!(message.downcast_ref::<&str>(), Some(&"broken step"));
        }
    }
}
