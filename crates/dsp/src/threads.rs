//! How many threads a caller may put to work, and work that is no stream: [`join`] and [`map`].

use rayon::prelude::*;

/// Threads that the caller may put to work: inside the pool every thread has a program of its own, and one that
/// waited there for others would begin another program meanwhile.
pub fn threads_to_use() -> usize {
    match rayon::current_thread_index() {
        Some(_) => 1,
        None => rayon::current_num_threads(),
    }
}

/// Does two things side by side where there is a thread to spare, otherwise one after the other.
pub fn join<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if threads_to_use() > 1 {
        rayon::join(a, b)
    } else {
        (a(), b())
    }
}

/// Does the same to many things, side by side where there are threads to spare. Results are in the order of
/// the items.
pub fn map<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Send + Sync) -> Vec<U> {
    if threads_to_use() > 1 {
        items.par_iter().map(work).collect()
    } else {
        items.iter().map(work).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_the_pool_nobody_waits_for_others() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build();
        let inside = pool.unwrap().install(|| {
            let threads = map(&[0; 8], |_| std::thread::current().id());
            (threads_to_use(), threads)
        });
        assert_eq!(inside.0, 1);
        assert!(inside.1.iter().all(|thread| *thread == inside.1[0]));
        assert_eq!(map(&[1, 2, 3], |n| n * n), [1, 4, 9]);
    }
}
